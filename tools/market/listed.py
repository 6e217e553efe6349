"""Commissions as a broker and an exchange list them, in place of those of the default cost model.

Shares go by Interactive Brokers' fixed pricing in the US, options by its first tier, futures by the commission alone
(its pages on commissions of stocks, options and futures); coins by Binance's spot schedule for regular users ("Trading
fees"). Exchange, clearing and regulatory fees are left out, and so is the ceiling of 1 % of the trade's value that the
broker sets for shares. Such lists change: these are of 2024 (futures: 2014).
"""

from __future__ import annotations

from data.market import AssetClass
from tools.market.costs import CostModel
from tools.market.schedule import ClassLiquidity, LiquiditySchedule

SHARE_USD, SHARE_MINIMUM_USD = 0.005, 1.0
"""A share, and at least an order, US stocks and ETFs."""
OPTION_USD, OPTION_MINIMUM_USD = 0.65, 1.0
"""A contract with a premium of at least 0.10, and at least an order, US equity options."""
FUTURE_USD = 0.85
"""A contract, US futures, without exchange fees."""
SPOT_MAKER_BPS, SPOT_TAKER_BPS = 10.0, 10.0
"""Of the notional, for an order that rested and for one that met it."""

_BY_UNIT = (AssetClass.STOCK, AssetClass.ETF, AssetClass.OPTION, AssetClass.COMMODITY, AssetClass.INDEX_FUTURE)


def listed_costs(costs: CostModel | None = None) -> CostModel:
    """`costs` (default: the default model) with the commissions that `listed_schedule` charges by the unit taken out,
    and the taker's for coins."""
    given = costs or CostModel()
    changed = {name.value: given.of(name).model_copy(update={"commission_bps": 0.0}) for name in _BY_UNIT}
    crypto = given.crypto.model_copy(update={"commission_bps": SPOT_TAKER_BPS})
    return given.model_copy(update=changed | {"crypto": crypto})


def listed_schedule() -> LiquiditySchedule:
    """The default schedule with commissions by the share and the contract; for use with `listed_costs`. A commodity or
    index that is no contract (tools.market.conventions) pays none."""
    share = ClassLiquidity(per_unit=SHARE_USD, minimum=SHARE_MINIMUM_USD)
    future = ClassLiquidity(per_contract=FUTURE_USD)
    option = ClassLiquidity(per_contract=OPTION_USD, minimum=OPTION_MINIMUM_USD, lot=1.0)
    return LiquiditySchedule(stock=share, etf=share, option=option, commodity=future, index_future=future)

"""Conventions of a market: lots, ticks, contract multipliers, short sales and settlement, each with its source.

A unit is one unit of what the price quotes: a share, an ounce, a barrel, one dollar an index point, one unit of a base
currency. A contract is `multiplier` units, so that units x price is its notional and whole lots are whole contracts.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import date
from typing import Literal

import numpy as np

from data.compiled import njit
from data.market import AssetClass, BoolArray, FloatArray, Instrument

ShortRule = Literal["locate", "free", "margin", "none"]
"""locate: borrow first, and Rule 201 holds (17 CFR 242.203(b), 242.201). free: selling opens a position like buying.
margin: writing needs collateral. none: nothing can be sold that is not held."""

_NAME = re.compile(r"([A-Z0-9]+?)(?:=F|[FGHJKMNQUVXZ]\d{1,2})?")
_TOLERANCE = 1e-6
"""Of a tick: by how much a price may miss a tick that it means, after decimal fractions became binary."""


@dataclass(frozen=True, slots=True)
class Convention:
    """How one instrument is traded. `lot`: units a smallest order, 0 for any. `tick`: least price step, 0 for any."""

    lot: float
    tick: float
    short: ShortRule
    multiplier: float = 1.0
    """Units a contract; 1 where there are no contracts (none that is listed here has one unit)."""

    @property
    def by_contract(self) -> bool:
        """Whether it is traded in contracts."""
        return self.multiplier != 1.0


CLASSES: dict[AssetClass, Convention] = {
    AssetClass.STOCK: Convention(1.0, 0.01, "locate"),
    AssetClass.ETF: Convention(1.0, 0.01, "locate"),
    AssetClass.COMMODITY: Convention(1.0, 0.01, "free"),
    AssetClass.OPTION: Convention(100.0, 0.01, "margin", 100.0),
    AssetClass.FOREX: Convention(1.0, 0.00001, "free"),
    AssetClass.CRYPTO: Convention(0.0, 0.01, "none"),
    AssetClass.INDEX_FUTURE: Convention(1.0, 0.01, "free"),
}
"""What holds where no contract is named. Stocks: 17 CFR 242.612, 0.01 USD at and above one dollar (`stock_tick`).
Options: 100 shares (OCC, Characteristics and Risks of Standardized Options); classes in the penny programme step 0.01,
others 0.05 below and 0.10 from 3 USD. Forex: a tenth of a pip; 0.001 where the yen is quoted. Crypto is spot: each pair
has steps of its own, which the exchange tells. Commodities and index futures without a contract: indices and funds."""

CONTRACTS: dict[str, Convention] = {
    "ES": Convention(50.0, 0.25, "free", 50.0),
    "MES": Convention(5.0, 0.25, "free", 5.0),
    "NQ": Convention(20.0, 0.25, "free", 20.0),
    "MNQ": Convention(2.0, 0.25, "free", 2.0),
    "RTY": Convention(50.0, 0.10, "free", 50.0),
    "M2K": Convention(5.0, 0.10, "free", 5.0),
    "YM": Convention(5.0, 1.0, "free", 5.0),
    "MYM": Convention(0.5, 1.0, "free", 0.5),
    "CL": Convention(1000.0, 0.01, "free", 1000.0),
    "NG": Convention(10000.0, 0.001, "free", 10000.0),
    "GC": Convention(100.0, 0.10, "free", 100.0),
    "SI": Convention(5000.0, 0.005, "free", 5000.0),
    "HG": Convention(25000.0, 0.0005, "free", 25000.0),
}
"""US futures by root, in USD: CME Group's contract specifications. Index futures: USD an index point. CL: barrels, NG:
mmBtu, GC and SI: troy ounces, HG: pounds."""


def convention_of(instrument: Instrument) -> Convention:
    """The contract's convention where a future's symbol names one ("ES", "ES=F", "ESZ24"), else its class's."""
    if instrument.asset_class in (AssetClass.INDEX_FUTURE, AssetClass.COMMODITY):
        for root in (instrument.symbol, *(found[1] for found in [_NAME.fullmatch(instrument.symbol)] if found)):
            if root in CONTRACTS:
                return CONTRACTS[root]
    return CLASSES[instrument.asset_class]


@njit(cache=True)
def stock_tick(price: float) -> float:
    """Least quoting step of a US stock, USD: 0.01 from one dollar on, else 0.0001 (17 CFR 242.612, as of 2005; the
    half-cent step that the amendment of 2024 gives to narrow names is not modelled)."""
    return 0.01 if price >= 1.0 else 0.0001


@njit(cache=True)
def nearest_tick(price: float, tick: float) -> float:
    """`price` at the nearest tick, halves away from zero; a tick of 0 leaves it."""
    if tick <= 0.0:
        return price
    return math.copysign(math.floor(abs(price) / tick + 0.5 + _TOLERANCE) * tick, price)


@njit(cache=True)
def limit_tick(price: float, tick: float, buy: bool) -> float:
    """A positive limit price at a tick that is no worse than `price`: down for a buy, up for a sell."""
    if tick <= 0.0:
        return price
    if buy:
        return math.floor(price / tick + _TOLERANCE) * tick
    return math.ceil(price / tick - _TOLERANCE) * tick


def settlement_days(instrument: Instrument, traded: date) -> int:
    """Business days from trade to settlement.

    US stocks and funds: 3, from 2017-09-05 2, from 2024-05-28 1 (17 CFR 240.15c6-1 and its amendments); options 1
    (OCC); currencies 2 (spot, all but USD/CAD at 1); futures vary daily and coins move at once: 0.
    """
    match instrument.asset_class:
        case AssetClass.STOCK | AssetClass.ETF:
            return 3 if traded < date(2017, 9, 5) else 2 if traded < date(2024, 5, 28) else 1
        case AssetClass.OPTION:
            return 1
        case AssetClass.FOREX:
            return 1 if instrument.symbol.startswith("USDCAD") else 2
        case _:
            return 0


def short_sale_restricted(low: FloatArray, close: FloatArray) -> BoolArray:
    """(T, S): days on which Rule 201 lets a stock be sold short only above the best bid.

    It is triggered by a trade 10 % or more below the close of the day before, for that day and the next (17 CFR
    242.201(b)(1)). `low`, `close` (T, S) are daily; NaN triggers nothing.
    """
    triggered = np.zeros(close.shape, np.bool_)
    triggered[1:] = low[1:] <= 0.9 * close[:-1]
    restricted = triggered.copy()
    restricted[1:] |= triggered[:-1]
    return restricted

"""The sixty invented names of the simulated market: what they are, what moves them, what is planted in them.

Every ticker has at least six letters, where no listing in New York has more than five; currencies are coins of the
past, coins and companies are made up. Nothing here can be taken for a real price.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from data.market import CALENDARS, AssetClass, FloatArray, Instrument, IntArray
from data.simulated.config import ALL_FACTORS, SECTORS

LEADS, FOLLOWS, NOTHING, SILENT = "leads", "follows", "nothing", ""
"""What the tone of texts has to do with returns; SILENT symbols have no such texts."""
MOMENTUM, REVERSAL = "momentum", "mean_reversion"


@dataclass(frozen=True, slots=True)
class Listing:
    """One invented symbol. `betas` load ALL_FACTORS; `idio` is own volatility a day; `price` the first close."""

    symbol: str
    name: str
    asset_class: AssetClass
    betas: dict[str, float] = field(default_factory=dict[str, float])
    idio: float = 0.0
    price: float = 100.0
    volume: float = 1e6
    """Typical units traded a day (ticks for forex)."""
    sector: str = ""
    style: str = ""
    """MOMENTUM, REVERSAL or "" (no planted trend)."""
    news: str = NOTHING
    posts: str = SILENT

    def instrument(self) -> Instrument:
        """The public face: all that a desk may know of it beforehand."""
        return Instrument(self.symbol, self.asset_class, CALENDARS[self.asset_class], self.sector)


_STOCKS: dict[str, tuple[tuple[str, str], ...]] = {
    "technology": (("ORBTEK", "Orbtek Systems"), ("NOVALIN", "Novalin Devices"), ("PIXELOR", "Pixelor Software")),
    "health": (("CURAVEX", "Curavex Labs"), ("MEDORIX", "Medorix Clinics"), ("BIOLUMA", "Bioluma Therapies")),
    "financials": (("BANKORA", "Bankora Group"), ("FINDALE", "Findale Insurance"), ("LENDWEL", "Lendwel Brokers")),
    "industrials": (("GEARMONT", "Gearmont Works"), ("AEROLIN", "Aerolin Aviation"), ("BUILDOR", "Buildor Cranes")),
    "energy": (("PETROVAN", "Petrovan Drilling"), ("GASPERA", "Gaspera Pipelines"), ("SOLWIND", "Solwind Turbines")),
    "consumer": (("SNAKORA", "Snakora Foods"), ("WEARLEY", "Wearley Apparel"), ("HOMEBAIN", "Homebain Stores")),
    "utilities": (("VOLTANDA", "Voltanda Electric"), ("AQUANOR", "Aquanor Water"), ("GRIDHAM", "Gridham Networks")),
    "materials": (("ORELAND", "Oreland Mines"), ("STEELVIK", "Steelvik Mills"), ("CHEMORA", "Chemora Coatings")),
}
_SECTOR_BETAS: dict[str, dict[str, float]] = {
    "technology": {"market": 1.20, "growth": 0.5, "rates": 0.2},
    "health": {"market": 0.80, "growth": -0.3},
    "financials": {"market": 1.10, "growth": 0.3, "rates": -0.6},
    "industrials": {"market": 1.05, "growth": 0.4},
    "energy": {"market": 1.00, "commodity": 0.5},
    "consumer": {"market": 0.95, "growth": 0.2},
    "utilities": {"market": 0.60, "growth": -0.4, "rates": 0.5},
    "materials": {"market": 1.00, "growth": 0.3, "commodity": 0.25},
}
_SECTOR_STYLE = {
    "technology": MOMENTUM, "consumer": MOMENTUM, "energy": MOMENTUM,
    "health": REVERSAL, "financials": REVERSAL, "utilities": REVERSAL, "materials": REVERSAL, "industrials": "",
}  # fmt: skip
_NEWS_CYCLE = (LEADS, FOLLOWS, NOTHING)
_POST_CYCLE = (NOTHING, LEADS, FOLLOWS)


def _stocks() -> list[Listing]:
    out: list[Listing] = []
    for row, sector in enumerate(SECTORS):
        for place, (symbol, name) in enumerate(_STOCKS[sector]):
            scale = (0.9, 1.0, 1.15)[place]
            betas = {k: round(v * scale, 4) for k, v in _SECTOR_BETAS[sector].items()} | {sector: 1.0}
            size = ((0.010, 9e6), (0.012, 4e6), (0.015, 1.5e6))[place]
            planted = _SECTOR_STYLE[sector], _NEWS_CYCLE[place], _POST_CYCLE[place]
            price = 30.0 + 13.0 * (row + 8 * place)
            out.append(Listing(symbol, name, AssetClass.STOCK, betas, size[0], price, size[1], sector, *planted))
    return out


def _fund(symbol: str, name: str, sector: str, news: str = NOTHING, **betas: float) -> Listing:
    style = MOMENTUM if betas else ""
    return Listing(symbol, name, AssetClass.ETF, betas, 0.0004, 100.0, 2e7, sector, style, news)


def _contract(
    symbol: str, idio: float, price: float, style: str, news: str, kind: AssetClass, posts: str = SILENT, **betas: float
) -> Listing:
    volume = {AssetClass.COMMODITY: 2e5, AssetClass.INDEX_FUTURE: 8e5, AssetClass.FOREX: 1.2e5, AssetClass.CRYPTO: 3e6}
    return Listing(symbol, symbol.title(), kind, betas, idio, price, volume[kind], "", style, news, posts)


def _traded() -> list[Listing]:
    commodity, forex, crypto, future = (
        AssetClass.COMMODITY, AssetClass.FOREX, AssetClass.CRYPTO, AssetClass.INDEX_FUTURE,
    )  # fmt: skip
    return [
        _contract("PETRAL", 0.011, 62.0, MOMENTUM, LEADS, commodity, commodity=1.1, dollar=-0.4, market=0.2),
        _contract("METHAL", 0.022, 3.6, "", FOLLOWS, commodity, commodity=0.8),
        _contract("AURIUM", 0.006, 1350.0, MOMENTUM, NOTHING, commodity, commodity=0.25, dollar=-0.9, rates=0.5),
        _contract("ARGENTAL", 0.010, 19.0, "", FOLLOWS, commodity, commodity=0.5, dollar=-1.0, market=0.2),
        _contract("CUPRAL", 0.009, 2.9, REVERSAL, LEADS, commodity, commodity=0.5, market=0.3, growth=0.5),
        _contract("GRANUM", 0.012, 5.1, REVERSAL, NOTHING, commodity, commodity=0.4, dollar=-0.2),
        _contract("TALERUSD", 0.0022, 1.12, REVERSAL, FOLLOWS, forex, dollar=-1.0),
        _contract("FLORINUSD", 0.0028, 1.31, REVERSAL, NOTHING, forex, dollar=-1.0, market=0.10),
        _contract("DUCATUSD", 0.0025, 0.74, "", LEADS, forex, dollar=-0.9, commodity=0.15),
        _contract("GROATUSD", 0.0030, 0.0091, MOMENTUM, NOTHING, forex, dollar=-0.8, rates=0.35, market=-0.10),
        _contract("GUINEAUSD", 0.0040, 0.19, "", FOLLOWS, forex, dollar=-1.0, market=0.20, growth=0.2),
        _contract("GLIMCOIN", 0.010, 900.0, MOMENTUM, NOTHING, crypto, NOTHING, crypto=0.9, market=0.2),
        _contract("QUIBCOIN", 0.020, 40.0, MOMENTUM, LEADS, crypto, FOLLOWS, crypto=1.1, market=0.3),
        _contract("TARNCOIN", 0.022, 8.0, "", FOLLOWS, crypto, LEADS, crypto=1.0, market=0.3),
        _contract("WYRMCOIN", 0.026, 2.5, MOMENTUM, NOTHING, crypto, NOTHING, crypto=1.1, market=0.3),
        _contract("ZORPCOIN", 0.030, 0.6, "", FOLLOWS, crypto, LEADS, crypto=1.2, market=0.4),
        _contract("NORTHFUT", 0.0012, 2400.0, "", FOLLOWS, future, FOLLOWS, market=1.0),
        _contract("SOUTHFUT", 0.0055, 5200.0, MOMENTUM, NOTHING, future, market=0.8, growth=0.4, dollar=-0.4),
        _contract("EASTFUT", 0.0060, 17000.0, "", LEADS, future, market=0.7, growth=0.2, dollar=0.3),
        _contract("WESTFUT", 0.0050, 3300.0, REVERSAL, NOTHING, future, market=0.85, growth=0.2),
    ]


PRIMARY: tuple[Listing, ...] = (
    *_stocks(),
    *_traded(),
    _fund("BONDFUND", "Bond Fund", "government bond", rates=1.9, market=-0.02),
    _fund("CREDITFUND", "Lenders Fund", "corporate bond", LEADS, rates=0.8, market=0.22),
)
"""Driven by factors and own noise."""

BASKETS: tuple[Listing, ...] = (
    _fund("TECHFUND", "Technology Fund", "technology", FOLLOWS),
    _fund("HEALTHFUND", "Clinics Fund", "health"),
    _fund("BANKFUND", "Bank Fund", "financials", FOLLOWS),
    _fund("DRILLFUND", "Drillers Fund", "energy"),
    _fund("ALLFUND", "Allmarket Fund", "index", FOLLOWS),
    _fund("SMALLFUND", "Small Firms Fund", "index"),
    _fund("TRENDFUND", "Trend Fund", "factor", FOLLOWS),
    _fund("LOWVOLFUND", "Lowvol Fund", "factor"),
)
"""Weighted stocks; their trends come from what they hold."""

OVERLAYS: tuple[Listing, ...] = tuple(
    Listing(symbol, symbol.title(), AssetClass.OPTION, sector="option strategy", volume=4e5, news=SILENT)
    for symbol in ("BUYWRITE", "PUTWRITE", "COLLARED", "PROTPUT", "STRADDLE", "CONDORS")
)
"""Option strategies on ALLFUND, marked by Black-Scholes on its surface."""

LISTINGS = (*PRIMARY, *BASKETS, *OVERLAYS)
STOCKS = len(_STOCKS) * 3
"""The first rows of PRIMARY are the stocks, sector by sector."""
OPTIONABLE = ("ALLFUND", "TECHFUND", "ORBTEK", "PETROVAN")
"""Underlyings with option chains."""


def loadings() -> FloatArray:
    """Factor loadings of PRIMARY, (46, 14)."""
    return np.array([[listing.betas.get(f, 0.0) for f in ALL_FACTORS] for listing in PRIMARY])


def idio_vol() -> FloatArray:
    """Own daily volatility of PRIMARY, (46,)."""
    return np.array([listing.idio for listing in PRIMARY])


def rows_on(calendar: str, listings: tuple[Listing, ...] = PRIMARY) -> IntArray:
    """Positions (R,) of the listings that trade on a calendar."""
    return np.flatnonzero([CALENDARS[listing.asset_class] == calendar for listing in listings])

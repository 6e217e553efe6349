"""What the names in a folder of prices are: by argument, by `universe.csv`, or by hints in file and folder names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from data.errors import BadConfig, BadFile
from data.market import CALENDARS, AssetClass, Instrument
from data.sources.price_file import lower_names, read_table

_HINTS = {
    "etf": AssetClass.ETF, "etfs": AssetClass.ETF, "crypto": AssetClass.CRYPTO, "forex": AssetClass.FOREX,
    "fx": AssetClass.FOREX, "commodity": AssetClass.COMMODITY, "commodities": AssetClass.COMMODITY,
    "future": AssetClass.INDEX_FUTURE, "futures": AssetClass.INDEX_FUTURE, "option": AssetClass.OPTION,
    "options": AssetClass.OPTION, "stock": AssetClass.STOCK, "stocks": AssetClass.STOCK,
}  # fmt: skip
"""Word in a name -> class, the most telling first: commodity_etf holds ETFs."""


@dataclass(frozen=True, slots=True)
class Listing:
    """What `universe.csv` says of one symbol; an empty text says nothing."""

    asset_class: AssetClass | None
    sector: str
    calendar: str


def asset_class_of(text: str, where: str) -> AssetClass:
    """The class of that name; BadConfig naming the nearest one otherwise."""
    try:
        return AssetClass(text.strip().lower())
    except ValueError as error:
        near = get_close_matches(text.lower(), [c.value for c in AssetClass], 1)
        hint = f"did you mean {near[0]}?" if near else "choose from " + ", ".join(AssetClass)
        raise BadConfig(f"{where} names the asset class {text!r}", hint) from error


def hinted_class(*names: str) -> AssetClass:
    """The class that the first telling name hints at (a file's name, then its folder's); else stock."""
    for name in names:
        words = set(re.findall(r"[a-z]+", name.lower()))
        for word, asset_class in _HINTS.items():
            if word in words:
                return asset_class
    return AssetClass.STOCK


def read_universe(path: Path) -> dict[str, Listing]:
    """Symbol -> listing from a table with symbol and any of asset_class, sector, calendar; BadFile where it is torn."""
    raw = lower_names(path, read_table(path)).astype("object").fillna("")
    if "symbol" not in raw:
        raise BadFile(f"{path.name} has no column symbol", "its columns are symbol, asset_class, sector, calendar")
    rows: list[dict[str, str]] = raw.astype("str").to_dict("records")  # pyright: ignore[reportAssignmentType]
    out: dict[str, Listing] = {}
    for row in rows:
        symbol, named = row["symbol"].strip(), row.get("asset_class", "").strip()
        if symbol in out:
            raise BadFile(f"{path.name} lists {symbol} twice", "list each symbol once")
        try:
            asset_class = asset_class_of(named, path.name) if named else None
        except BadConfig as error:
            raise BadFile(error.message, error.remedy) from error
        out[symbol] = Listing(asset_class, row.get("sector", "").strip(), row.get("calendar", "").strip())
    return out


def instrument(symbol: str, listing: Listing | None, hinted: AssetClass, calendar: str) -> Instrument:
    """The instrument: the listing first, then `calendar` (may be empty) and the hinted class."""
    known = listing or Listing(None, "", "")
    asset_class = known.asset_class or hinted
    return Instrument(symbol, asset_class, known.calendar or calendar or CALENDARS[asset_class], known.sector)

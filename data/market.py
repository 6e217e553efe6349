"""Instruments and asset classes: what can be traded, and on which calendar."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
"""float64 array; each docstring gives the shape."""
Float32Array = npt.NDArray[np.float32]
BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.int64]
TimeArray = npt.NDArray[np.datetime64]
"""datetime64[ns], UTC."""

CASH = "CASH"
"""The name of the cash slot in every weight vector."""


class AssetClass(StrEnum):
    """The seven classes of the desk."""

    STOCK = "stock"
    ETF = "etf"
    COMMODITY = "commodity"
    OPTION = "option"
    FOREX = "forex"
    CRYPTO = "crypto"
    INDEX_FUTURE = "index_future"


CALENDARS: dict[AssetClass, str] = {
    AssetClass.STOCK: "XNYS",
    AssetClass.ETF: "XNYS",
    AssetClass.OPTION: "XNYS",
    AssetClass.COMMODITY: "CMES",
    AssetClass.INDEX_FUTURE: "CMES",
    AssetClass.FOREX: "24/5",
    AssetClass.CRYPTO: "24/7",
}
"""exchange-calendars name by class."""


@dataclass(frozen=True, slots=True)
class Instrument:
    """One tradable name. `calendar` is an exchange-calendars name; prices are in `currency` per unit."""

    symbol: str
    asset_class: AssetClass
    calendar: str = "XNYS"
    sector: str = ""
    currency: str = "USD"

"""What well-known exchange-traded funds follow, after the name of the index each one states."""

from __future__ import annotations

from typing import Final

_FUNDS: Final[dict[str, str]] = {
    "value": "VTV VLUE IWD IVE SPYV RPV IWN VBR FNDX",
    "growth": "VUG IWF IVW SPYG RPG IWO VBK",
    "momentum": "MTUM PDP SPMO",
    "quality": "QUAL SPHQ MOAT COWZ",
    "low volatility": "USMV SPLV EFAV",
    "size": "SIZE IJR IWM VB VTWO",
    "dividend": "VIG VYM SCHD DVY SDY NOBL",
    "market": "SPY IVV VOO VTI QQQ DIA RSP",
    "technology": "XLK VGT SMH SOXX IGV",
    "financials": "XLF VFH KRE KBE",
    "energy": "XLE VDE XOP OIH",
    "health care": "XLV VHT IBB XBI",
    "industrials": "XLI VIS",
    "materials": "XLB VAW",
    "utilities": "XLU VPU",
    "consumer staples": "XLP VDC",
    "consumer discretionary": "XLY VCR",
    "communication": "XLC VOX",
    "real estate": "XLRE VNQ IYR",
    "foreign": "EFA VEA EEM VWO ECH EIDO EPHE EPOL EWD EWJ EWM EWS EWY EWZ INDA THD TUR",
    "rates": "SHY IEI IEF TLT GOVT BIL AGG BND BNDX MUB",
    "credit": "LQD HYG JNK VCIT VCSH IGIB EMB",
    "gold": "GLD IAU SLV PPLT",
    "commodity": "DBC PDBC USO UNG DBA CPER WEAT",
}
FUND_FACTORS: Final = {symbol: factor for factor, symbols in _FUNDS.items() for symbol in symbols.split()}
"""Symbol -> factor."""

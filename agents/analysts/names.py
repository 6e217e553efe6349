"""What the world calls the symbols that are traded most: to be hidden from a chat model beside the symbols."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache

from data.simulated.universe import LISTINGS

COMPANIES: Mapping[str, str] = {
    "AAPL": "Apple|iPhone|iPad|MacBook", "ABBV": "AbbVie", "ABT": "Abbott Laboratories|Abbott Labs", "ADBE": "Adobe",
    "AMD": "Advanced Micro Devices", "AMGN": "Amgen", "AMZN": "Amazon", "AVGO": "Broadcom",
    "AXP": "American Express|AmEx", "BA": "Boeing", "BABA": "Alibaba", "BAC": "Bank of America|BofA",
    "BBY": "Best Buy", "BLK": "BlackRock", "BMY": "Bristol-Myers Squibb|Bristol Myers", "BRK": "Berkshire Hathaway",
    "C": "Citigroup|Citibank|Citi", "CAT": "Caterpillar", "CMCSA": "Comcast", "COP": "ConocoPhillips",
    "COST": "Costco", "CRM": "Salesforce", "CSCO": "Cisco", "CVS": "CVS Health", "CVX": "Chevron",
    "DE": "John Deere|Deere", "DIS": "Walt Disney|Disney", "EBAY": "eBay", "F": "Ford Motor|Ford",
    "FB": "Facebook|Instagram|WhatsApp", "FDX": "FedEx", "GE": "General Electric", "GILD": "Gilead",
    "GM": "General Motors|Chevrolet", "GOOG": "Google|Alphabet|YouTube", "GOOGL": "Google|Alphabet|YouTube",
    "GS": "Goldman Sachs|Goldman", "HD": "Home Depot", "HON": "Honeywell", "HPQ": "Hewlett-Packard|Hewlett Packard",
    "IBM": "International Business Machines|Big Blue", "INTC": "Intel", "JNJ": "Johnson & Johnson|Johnson and Johnson",
    "JPM": "JPMorgan Chase|J.P. Morgan|JPMorgan", "KO": "Coca-Cola|Coca Cola|Coke", "LLY": "Eli Lilly|Lilly",
    "LMT": "Lockheed Martin|Lockheed", "LOW": "Lowe's|Lowes", "MA": "Mastercard", "MCD": "McDonald's|McDonalds",
    "MDT": "Medtronic", "META": "Meta Platforms|Facebook|Instagram|WhatsApp", "MMM": "3M Company|3M",
    "MO": "Altria", "MRK": "Merck", "MS": "Morgan Stanley", "MSFT": "Microsoft|Xbox", "NFLX": "Netflix",
    "NKE": "Nike", "NVDA": "Nvidia|GeForce", "ORCL": "Oracle", "PEP": "PepsiCo|Pepsi", "PFE": "Pfizer",
    "PG": "Procter & Gamble|Procter and Gamble|P&G", "PM": "Philip Morris", "PYPL": "PayPal", "QCOM": "Qualcomm",
    "RRC": "Range Resources", "RTX": "Raytheon", "SBUX": "Starbucks", "T": "AT&T", "TGT": "Target Corporation",
    "TMO": "Thermo Fisher", "TSLA": "Tesla|Elon Musk|Musk", "TWTR": "Twitter", "TXN": "Texas Instruments",
    "UNH": "UnitedHealth|United Health", "UNP": "Union Pacific", "UPS": "United Parcel Service",
    "V": "Visa Inc", "VZ": "Verizon", "WFC": "Wells Fargo", "WMT": "Walmart|Wal-Mart", "XOM": "ExxonMobil|Exxon",
    "BTC-USD": "Bitcoin", "ETH-USD": "Ethereum|Ether", "SOL-USD": "Solana", "XRP-USD": "Ripple",
    "DOGE-USD": "Dogecoin", "ADA-USD": "Cardano", "LTC-USD": "Litecoin",
}  # fmt: skip
"""Symbol -> names, between bars; the product names are those that give the company away at once."""


@cache
def names_of(symbol: str) -> tuple[str, ...]:
    """The names known of a symbol, the simulated market's among them."""
    known = tuple(n for n in COMPANIES.get(symbol, "").split("|") if n)
    return known + _simulated().get(symbol, ())


def all_names(symbols: Iterable[str], more: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Symbol -> the names known of it and those given in `more`."""
    return {symbol: names_of(symbol) + tuple(more.get(symbol, ())) for symbol in symbols}


@cache
def _simulated() -> dict[str, tuple[str, ...]]:
    """Names of the invented companies; the first word of each is its symbol."""
    return {listing.symbol: (listing.name,) for listing in LISTINGS}

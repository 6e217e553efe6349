"""Strategy-based margin of a structure of listed US equity options, in currency.

Source: FINRA Rule 4210(f)(2), as set out in the Cboe Margin Manual; shares by Regulation T, 12 CFR 220.12 (50 % to
open), and FINRA Rule 4210(c) (25 % to hold). A broker may ask for more, never for less.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from data.errors import InputError
from tools.options.contracts import Contract
from tools.options.structures import Line, Structure

SHORT_SHARE, SHORT_FLOOR = 0.20, 0.10
"""Of the underlying's value for an uncovered short option, and the least (of the strike for puts)."""
SHARES_TO_OPEN, SHARES_TO_HOLD = 0.50, 0.25
PUT_TO_HOLD = 0.10
"""Of the put's strike, where a long put stands under shares."""


class Margin(NamedTuple):
    """Currency. Long options are paid in full and have no loan value, so their cost is part of both."""

    initial: float
    """Equity needed to open it, premiums received counted as part of it."""
    maintenance: float
    """Equity needed to hold it at these prices, the value of long options not counted."""


def margin(structure: Structure, spot: float) -> Margin:
    """What `structure` needs at the price `spot` of its underlying; `price` of a line is its present market price.

    Raises InputError where `spot` is no price, or for a structure the rules give no name.
    """
    if not 0.0 < spot < math.inf:
        raise InputError(f"{structure.name}: the underlying at {spot:g}", "give a positive price")
    lines = structure.lines
    paid = sum(line.units * line.price for line in lines if line.contract is not None and line.quantity > 0.0)
    if structure.name in ("covered call", "protective put", "collar"):
        shares = lines[0].units
        return Margin(SHARES_TO_OPEN * shares * spot + paid, shares * _shares_to_hold(lines, spot))
    if structure.name in ("vertical", "calendar"):
        long, short = lines
        need = _spread(long, short, spot)
        return Margin(need + paid, need)
    if structure.name == "straddle":
        if lines[0].quantity > 0.0:
            return Margin(paid, 0.0)
        need = _short_pair(lines[0], lines[1], spot)
        return Margin(need, need)
    raise InputError(f"No margin rule for a {structure.name}", "split it into named structures")


def uncovered(contract: Contract, price: float, spot: float) -> float:
    """Margin a unit of an uncovered short option: its price plus 20 % of the underlying less what it is out of the
    money, at least its price plus 10 % of the underlying (calls) or of the strike (puts)."""
    out = max(contract.strike - spot if contract.call else spot - contract.strike, 0.0)
    floor = SHORT_FLOOR * (spot if contract.call else contract.strike)
    return price + max(SHORT_SHARE * spot - out, floor)


def _contract(line: Line) -> Contract:
    if line.contract is None:
        raise InputError(f"{line.symbol} is no option", "build the structure with tools.options.structures")
    return line.contract


def _spread(long: Line, short: Line, spot: float) -> float:
    """The most the pair can lose by its strikes, or the uncovered margin where that is less."""
    bought, sold = _contract(long), _contract(short)
    gap = bought.strike - sold.strike if sold.call else sold.strike - bought.strike
    return abs(short.units) * min(max(gap, 0.0), uncovered(sold, short.price, spot))


def _short_pair(call: Line, put: Line, spot: float) -> float:
    """The dearer side's margin plus the price of the other."""
    of_call, of_put = uncovered(_contract(call), call.price, spot), uncovered(_contract(put), put.price, spot)
    units = abs(call.units)
    return units * (of_call + put.price if of_call >= of_put else of_put + call.price)


def _shares_to_hold(lines: tuple[Line, ...], spot: float) -> float:
    """Maintenance a share: 25 %, or what a long put leaves open if that is less; under a short call the share counts at
    most at the call's strike, so what it is worth above has to be there as well."""
    strikes = {_contract(line).call: _contract(line).strike for line in lines[1:]}
    call, put = strikes.get(True, math.inf), strikes.get(False)
    need = SHARES_TO_HOLD * min(spot, call)
    if put is not None:
        need = min(need, PUT_TO_HOLD * put + max(spot - put, 0.0))
    return need + max(spot - call, 0.0)

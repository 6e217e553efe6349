"""The error family, sorted by what the caller must do.

Every error carries one line for a person (`message`) and what to do about it (`remedy`).
"""

from __future__ import annotations


class BullpenError(Exception):
    """Base of all errors this project raises on purpose."""

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message} ({self.remedy})" if self.remedy else self.message


# --- mend the input -----------------------------------------------------------------------------------------


class InputError(BullpenError):
    """The caller gave something wrong; the same call will fail again."""


class UnknownSymbol(InputError):
    """A symbol the source does not carry."""


class OutOfRange(InputError):
    """A date outside the data."""


class BadFile(InputError):
    """A data file that cannot be used: empty folder, missing column, duplicate bars, unreadable dates."""


class BadBar(InputError):
    """A bar that no backtest takes: `rule` says what is wrong with what `symbol` shows at `bar`."""

    def __init__(self, symbol: str, bar: object, rule: str, remedy: str = "") -> None:
        """`bar` is the bar's time (anything whose text is one), or "every bar"."""
        super().__init__(f"{symbol} at {bar}: {rule}", remedy)
        self.symbol = symbol
        self.bar = str(bar)
        self.rule = rule


class BadConfig(InputError):
    """A setting that is refused."""


class TrainingDiverged(BadConfig):
    """A loss, gradient or weight is no longer a number at a named iteration: nothing of that run is kept."""


class DeviceAbsent(InputError):
    """A processor that this machine does not have, or that its libraries cannot use."""


class AccountChanged(InputError):
    """The account is no longer what an undecided cycle opened on: that cycle begins anew."""


class NotFound(InputError):
    """A cycle, policy or book that does not exist."""


class TargetRefused(InputError):
    """Target weights or signals that no account can hold: `rule` says why, `slot` and `symbol` where first."""

    def __init__(self, message: str, rule: str, slot: int, symbol: str, remedy: str = "") -> None:
        super().__init__(message, remedy)
        self.rule = rule
        self.slot = slot
        self.symbol = symbol


class OrderRefused(InputError):
    """The last gate, or the adapter before it, refuses an order of `symbol` under `rule`: nothing was sent."""

    def __init__(self, message: str, rule: str, symbol: str, remedy: str = "") -> None:
        super().__init__(message, remedy)
        self.rule = rule
        self.symbol = symbol


class ExecutionRefused(InputError):
    """A venue reports an execution in `symbol` that was not ordered so, or more than was ordered: it is not booked."""

    def __init__(self, message: str, symbol: str, remedy: str = "") -> None:
        super().__init__(message, remedy)
        self.symbol = symbol


# --- wait, or go on without -----------------------------------------------------------------------------------


class SourceUnavailable(BullpenError):
    """A provider did not answer; the desk goes on without it and records why."""


class RateLimited(SourceUnavailable):
    """A provider asked us to wait `retry_after_s` seconds."""

    def __init__(self, message: str, retry_after_s: float, remedy: str = "") -> None:
        super().__init__(message, remedy)
        self.retry_after_s = retry_after_s


class CredentialMissing(SourceUnavailable):
    """A key is not set; `remedy` names the variable."""


class BadAnswer(SourceUnavailable):
    """A provider or a chat model answered in a form that is refused."""


class DeadlinePassed(SourceUnavailable):
    """What was asked did not come in the time it was given."""


class BudgetSpent(SourceUnavailable):
    """A chat model is not asked: what it might use is more than the budget has left."""


class PriorUnavailable(BullpenError):
    """A prior cannot be computed from what is known; take the next link of the chain."""


# --- stop: what is stored cannot be trusted ------------------------------------------------------------------


class CorruptFile(BullpenError):
    """A policy, journal or lake file whose content is not what was written."""


class FutureKnown(BullpenError):
    """Something that is dated after the instant it was asked for: nobody could know it then."""


class StorageFailed(BullpenError):
    """A write did not reach the disk; nothing was changed."""


class ClockSkew(BullpenError):
    """The clocks of this machine and of a venue differ by more than is tolerated."""


class Halted(BullpenError):
    """The kill switch is on, or a breaker holds the desk."""

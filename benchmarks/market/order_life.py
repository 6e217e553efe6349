"""Ten thousand sequences of what orders go through, and whether the books kept up.

Run: python -m benchmarks.market.order_life
"""

from __future__ import annotations

from dataclasses import replace

from benchmarks.figures import Figure, figure, publish

SEQUENCES = 10_000


def main() -> None:
    """Run the state machine of tests/tools/execution/order_sequences.py and publish; a broken rule raises."""
    publish("order_life", sequences(SEQUENCES))


def sequences(count: int) -> list[Figure]:
    """What `count` sequences came to, and the largest errors in cash and units between book and venue."""
    from tests.tools.execution.order_sequences import run

    totals = run(count)
    note = (
        f"hypothesis, derandomised: {totals.steps} steps; {totals.executions} executions booked, {totals.late} late, "
        f"{totals.duplicates} told twice, {totals.overfills} overfills refused, {totals.replacements} replacements, "
        f"{totals.crashes} crashes with restart; no order executed or replaced beyond its quantity, no illegal step"
    )
    return [
        figure("sequences of order events that kept every rule", totals.sequences, "sequences", note),
        _exact("largest error in cash", totals.cash_error, "fraction of the deposit"),
        _exact("largest error in units", totals.position_error, "fraction of the units traded"),
    ]


def _exact(name: str, value: float, unit: str) -> Figure:
    """A figure too small for the four decimals of `figure`."""
    found = figure(name, 0.0, unit, "book against the venue's own executions, at the end of every sequence")
    return replace(found, value=value)


if __name__ == "__main__":
    main()

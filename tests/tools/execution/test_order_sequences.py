"""Whatever orders go through, cash and units add up, no order is exceeded, and no step is illegal."""

import pytest

from tests.tools.execution.order_sequences import run


def test_hundreds_of_sequences_keep_the_books():
    totals = run(250)
    assert totals.sequences >= 250
    assert min(totals.late, totals.duplicates, totals.overfills, totals.replacements, totals.crashes) > 10


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_ten_thousand_sequences_keep_the_books():
    totals = run(10_000)
    assert totals.sequences >= 10_000
    assert max(totals.cash_error, totals.position_error) <= 1e-9

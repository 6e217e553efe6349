"""The inverse-volatility prior equals skfolio's on the same returns."""

import numpy as np
import pytest

from tools.portfolio.prior import inverse_volatility


@pytest.mark.parametrize("seed", range(5))
def test_inverse_volatility_equals_skfolio(seed):
    optimization = pytest.importorskip("skfolio.optimization")
    rng = np.random.default_rng(seed)
    returns = rng.normal(0.0, rng.uniform(0.005, 0.05, size=12), size=(500, 12))
    vol = returns.std(axis=0, ddof=1) * np.sqrt(252)
    ours = inverse_volatility(vol, np.ones(12, dtype=bool), np.append(np.zeros(12), 1.0), cash_share=0.0)
    theirs = optimization.InverseVolatility().fit(returns).weights_
    assert ours[:-1] == pytest.approx(theirs, abs=1e-12)
    assert ours[-1] == pytest.approx(0.0, abs=1e-12)

"""P(up) over the next 1, 5 and 21 bars: what a supervised learner says, as columns of an observation."""

from rl.forecasts.fit import fit_forecaster
from rl.forecasts.forecaster import Forecaster

__all__ = ["Forecaster", "fit_forecaster"]

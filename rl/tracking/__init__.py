"""Where the figures of a training run are followed: JSON lines, TensorBoard, MLflow, Weights & Biases."""

from rl.tracking.chosen import TRACKERS, open_trackers
from rl.tracking.protocol import Tracker

__all__ = ["TRACKERS", "Tracker", "open_trackers"]

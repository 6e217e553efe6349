"""The yardstick of reinforcement learning: the same network on the same rows, taught by hindsight."""

from rl.supervised.fit import SupervisedConfig, fit_supervised, free_energy

__all__ = ["SupervisedConfig", "fit_supervised", "free_energy"]

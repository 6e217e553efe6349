"""Backtests: two engines of one arithmetic, and what a run of either says."""

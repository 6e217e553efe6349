"""Backtests as a person starts them: strategies through both engines, the cycle through the desk itself."""

"""Costs, fills and accounting: the one arithmetic of training, backtest and paper."""

"""The vectorised engine: whole histories in one compiled pass, by the law of tools/backtest/rules.py."""

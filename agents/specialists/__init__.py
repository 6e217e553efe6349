"""Strategy-minded agents: momentum, mean reversion, risk."""

"""A limit order book with price-time priority, and the replay of recorded ones."""

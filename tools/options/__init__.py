"""Options: prices, Greeks, implied volatilities, surfaces, structures and their hedging."""

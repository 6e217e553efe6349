"""The simulated market: seven asset classes, deterministic by seed, labelled SIMULATED."""

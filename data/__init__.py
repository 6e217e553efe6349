"""What is known: sources, the lake, features, the universe, the clock, the error family."""

"""Score functions over features: the arithmetic behind specialists and analysts."""

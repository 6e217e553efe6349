"""Benchmarks of learning: how fast, how well on what was not seen, and what each guard is worth."""

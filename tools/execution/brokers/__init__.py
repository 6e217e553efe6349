"""Venues behind one Protocol: a simulated one and the real ones, each behind the last gate."""

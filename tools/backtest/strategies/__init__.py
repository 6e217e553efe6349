"""Strategies as the engines run them: from a snapshot to target weights, long only, at a cadence."""

"""Benchmarks: each prints JSON lines (name, value, unit, machine, commit); figures are measured, never asserted."""

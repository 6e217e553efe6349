"""Limits, measures and breakers: risk disposes."""

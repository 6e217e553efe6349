"""Cycles that start by themselves: which slot is due, who runs it, and what became of it."""

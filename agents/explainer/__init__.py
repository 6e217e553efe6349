"""Answers to "why", every number of which is in the record."""

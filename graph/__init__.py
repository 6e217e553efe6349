"""The state machine of a cycle and its record."""

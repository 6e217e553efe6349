"""Features: each declares name, window, inputs and unit; all are causal."""

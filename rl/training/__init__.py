"""Training runs: presets, splits, evaluation, the pipeline."""

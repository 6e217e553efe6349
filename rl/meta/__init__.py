"""The meta-controller: a learned tilt away from the prior, its environment, training and evaluation."""

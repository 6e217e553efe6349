"""Priors and covariance: the allocation before any view."""

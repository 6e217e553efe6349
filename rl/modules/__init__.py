"""Torch modules of the learned policies."""

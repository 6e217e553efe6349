"""Learned agents: a trained policy asked for its opinion."""

"""Encoders of observations, by name: what every symbol's heads share."""

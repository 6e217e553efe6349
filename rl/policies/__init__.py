"""Policies in use: what a network answers, the opinion that is read from it, and which policy is champion."""

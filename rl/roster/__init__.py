"""Whom a run trains: curriculum, groups that share a head, and what funds follow."""

"""The desk itself: what a cycle costs, what survives a kill, how long that takes."""

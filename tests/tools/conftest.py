"""Property tests draw the same examples in every run, and compilation may take its time."""

from hypothesis import settings

settings.register_profile("tools", deadline=None, derandomize=True)
settings.load_profile("tools")

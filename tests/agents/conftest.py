"""Property tests draw the same examples in every run, and a busy machine may take its time."""

from hypothesis import settings

settings.register_profile("agents", deadline=None, derandomize=True)
settings.load_profile("agents")

"""LangSmith: what of the desk's past it is given, and how it judges it."""

"""The three pages of the panel; each is a script that `ui/main.py` runs."""

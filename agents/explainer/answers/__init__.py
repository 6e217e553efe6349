"""One writer for each kind of question; each figure is written with its citation."""

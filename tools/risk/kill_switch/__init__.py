"""The kill switch: the file that stops trading, and what brings a book to rest."""

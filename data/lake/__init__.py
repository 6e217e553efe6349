"""Silver and gold Delta tables: what was seen, under a version a record can name."""

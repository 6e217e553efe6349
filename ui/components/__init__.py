"""What the pages share: the shell, tables, charts, and the pieces of a cycle."""

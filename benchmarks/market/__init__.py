"""How fast the market side is, beside other libraries in the same run."""

"""What a desk holds in its hands: deterministic, pure where possible."""

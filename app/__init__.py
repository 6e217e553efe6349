"""What a person starts: CLI, settings, composition, tracing."""

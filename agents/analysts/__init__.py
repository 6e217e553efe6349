"""News, social and macro analysts: local scoring always, a chat model when one is configured."""

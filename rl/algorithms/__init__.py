"""RLlib algorithms on columns instead of episodes."""

"""The last gate: what every order passes where it leaves the house."""

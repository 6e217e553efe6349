"""The row kernel as other libraries know environments: many agents in one market, for PettingZoo and for RLlib."""

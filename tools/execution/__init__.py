"""Orders, the ledger and brokers: nothing twice, nothing lost."""

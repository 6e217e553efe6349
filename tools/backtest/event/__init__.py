"""The event-driven engine: one queue of events in time, one account, real orders through the last gate."""

"""Where facts come from: one file a provider, all behind `protocol.Source`."""

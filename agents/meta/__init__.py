"""The meta-controller: views in, an allocation with its contributions out."""

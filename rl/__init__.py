"""Learning: environments, policies, training and the policy store."""

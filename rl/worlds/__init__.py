"""Made worlds whose law is known: what a learner can be held to."""

"""Those who hold an opinion: analysts, specialists, policy agents, the meta-controller, the explainer."""

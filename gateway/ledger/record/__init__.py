"""Events, and the chain that seals them. Pure."""

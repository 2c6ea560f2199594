"""OFAC's lists, in every format in which it publishes them. Pure."""

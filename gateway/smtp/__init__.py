"""SMTP as bytes: a sans-IO dialogue between a client and its next hop."""

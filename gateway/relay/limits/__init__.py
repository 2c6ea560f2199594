"""How much one process takes on: sessions, descriptors, bytes read at once."""

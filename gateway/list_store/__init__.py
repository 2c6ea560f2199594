"""The lists directory: what was imported, the snapshots made of it, and which one is current."""

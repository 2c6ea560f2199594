"""Writing: one thread, one transaction at a time, durable."""

"""What the office does: one module an act or a question, for the command line and all desks."""

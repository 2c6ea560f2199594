"""What happened, for good."""

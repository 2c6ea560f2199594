"""What the office decides, appended beside the running gateway."""

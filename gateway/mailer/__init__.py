"""Mail of our own: notices on their way out."""

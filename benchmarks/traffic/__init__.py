"""What is sent through a peer, when, and by whom."""

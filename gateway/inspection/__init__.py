"""What is asked at each moment of a message, and the matched message under way."""

"""What is asked of others: the DNS, and the publishers of lists."""

"""A gateway at work with a next hop of its own, on loopback: what `monition demo` runs."""

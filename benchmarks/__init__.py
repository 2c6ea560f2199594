"""Monition side by side with haproxy and aiosmtpd, in one run: ``python -m benchmarks``."""

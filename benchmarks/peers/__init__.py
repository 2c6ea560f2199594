"""Who is measured, side by side: ours, haproxy, aiosmtpd, and what mail they pass on to."""

"""Notices: whether and when a sender is written to, and the message that leaves. Pure."""

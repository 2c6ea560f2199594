"""Monition: a monitor in an institution's outgoing mail.

The folders are rooms; ``docs/flow.md`` tells one message's way through them.
"""

__version__ = "0.1.0"

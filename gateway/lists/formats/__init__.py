"""The formats in which lists are published, a reader each. Pure.

Each ``read`` is a :data:`gateway.lists.parsing.entry.Reader`: it gives entries and rejections, and
raises :class:`gateway.errors.ListError` where a file as a whole cannot be read.
"""

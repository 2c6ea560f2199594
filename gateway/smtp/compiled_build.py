"""Which build of the relay's path is running: the Python it is written in, or C made from it."""

from __future__ import annotations

from typing import Final

from gateway.smtp import session

IS_COMPILED: Final = not str(session.__file__).endswith(".py")

KIND: Final = "compiled" if IS_COMPILED else "python"
"""For a person: in the log at the start."""

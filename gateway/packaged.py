"""Where the files lie that travel with the program: the policies and the default configuration.

An installed wheel carries them in ``gateway/_packaged`` (pyproject.toml puts them there); in a
checkout, and so in an editable installation, they are the folders at its top.
"""

from __future__ import annotations

from pathlib import Path


def policies_directory() -> Path:
    """Give the folder of the packaged policies."""
    return _root() / "policies"


def default_configuration() -> Path:
    """Give the file of annotated defaults, ``monition.toml``, in force where no other is named."""
    return _root() / "config" / "monition.toml"


def _root() -> Path:
    here = Path(__file__).resolve().parent
    packaged = here / "_packaged"
    return packaged if packaged.is_dir() else here.parent

"""The whole configuration in force, a setting at a time, and where each value comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import TYPE_CHECKING

from gateway.config import Config

if TYPE_CHECKING:
    from collections.abc import Iterator

Value = str | int | list[str] | dict[str, str] | None
"""A setting as a file would write it; ``None``: it is left out."""


@dataclass(frozen=True, slots=True)
class Setting:
    """A key with its section, its value, and where that stands; without a ``line``, by default."""

    key: str
    value: Value
    source: str
    line: int | None


def effective_settings(config: Config) -> Iterator[Setting]:
    """Give each key of each section that is configured, in the order of the contract."""
    for section in fields(Config):
        part = getattr(config, section.name)
        if section.name in {"file", "lines"} or part is None:
            continue
        for setting in fields(part):
            key = f"{section.name}.{setting.name.rstrip('_')}"
            line = config.lines.get(key)
            value = _bare(getattr(part, setting.name))
            yield Setting(key, value, "default" if line is None else str(config.file), line)


def _bare(value: object) -> Value:
    if value is None or isinstance(value, int):
        return value
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, tuple):
        # One address reads as it was written, not as a network of one.
        return [str(item).removesuffix("/32").removesuffix("/128") for item in value]
    return str(value)

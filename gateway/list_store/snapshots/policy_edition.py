"""One edition of the policies: all texts of the folder at one moment, and back to what they make.

Decisions follow from the rules, notices from the texts of letters and from a few settings of the
configuration. The rules have the digest that events bear
(:attr:`gateway.policy.rules.Rules.digest`), which does not cover the notices; those have one of
their own.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gateway import __version__
from gateway.config import Desk
from gateway.errors import Fault, ListError
from gateway.notices import notice_texts
from gateway.policy import rules

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gateway.config import Config
    from gateway.notices.notice_texts import NoticeTexts
    from gateway.policy.rules import Rules

FORMAT = 1

LARGEST = 32 * 2**20
"""Bytes of one edition. A policies folder has a hundred kilobytes; what is far larger is none."""

_NOTICES = "notices/"
_RULES = ("policy.toml", "exceptions.toml")
_OTHERS = ("examples.toml", "personal.toml", "roles.toml", "overrides.toml")


@dataclass(frozen=True, slots=True)
class Edition:
    """A policies folder at one moment.

    ``policy`` is the digest of its rules. ``files`` are the texts of its TOML files and of all
    notice texts in use, the packaged ones where it has none of its own, by their names in the
    folder (``entities/own.toml``, ``notices/en/notice.txt.j2``). ``settings`` are what notices
    name of the configuration. ``version`` is the one of Monition that read it.
    """

    policy: str
    files: Mapping[str, str]
    settings: Mapping[str, Any]
    version: str = __version__

    @property
    def texts(self) -> str:
        """The digest of all that notices are made of: ``sha256:`` and 64 hex digits."""
        letters = {name: text for name, text in self.files.items() if name.startswith(_NOTICES)}
        return _digest_of(letters, self.settings)

    @property
    def content(self) -> bytes:
        """All of it as canonical JSON: equal bytes for equal editions."""
        return _canonical(
            {
                "format": FORMAT,
                "policy": self.policy,
                "files": self.files,
                "settings": self.settings,
                "version": self.version,
            }
        )

    def rules(self) -> Rules:
        """Load the rules as they were, without examples.

        Raises ``ConfigError`` where this version does not read them, ``OSError`` where no
        temporary files can be made.

        Where another version takes another digest of the same text, they bear the old one: it is
        what events know them by.
        """
        return dataclasses.replace(self._loaded_rules(), digest=self.policy)

    def is_what_it_says(self) -> bool:
        """Whether this version takes the same digest of the rules. Raises as :meth:`rules`."""
        return self._loaded_rules().digest == self.policy

    def notices(self) -> NoticeTexts:
        """Load the texts of letters as they were. Raises as :meth:`rules`."""
        names = {name.removeprefix(_NOTICES) for name in self.files if name.startswith(_NOTICES)}
        with tempfile.TemporaryDirectory(prefix="monition-") as directory:
            self._write(Path(directory), [_NOTICES + name for name in names])
            found = notice_texts.load(Path(directory))
        # Without the packaged ones of languages that came later.
        languages = {name.partition("/")[0] for name in names}
        return dataclasses.replace(
            found,
            sources={name: found.sources[name] for name in sorted(names)},
            files={name: found.files[name] for name in sorted(names)},
            forbidden_words={
                name: words for name, words in found.forbidden_words.items() if name in languages
            },
        )

    def configured(self, config: Config) -> Config:
        """Give a configuration in which all that notices name is as it was."""
        said = self.settings
        notices = {**said["notices"], "languages": tuple(said["notices"]["languages"])}
        return dataclasses.replace(
            config,
            institution=dataclasses.replace(config.institution, name=said["institution"]),
            compliance=dataclasses.replace(config.compliance, **said["compliance"]),
            notices=dataclasses.replace(config.notices, **notices),
            desk=None if said["desk"] is None else Desk(said["desk"]),
        )

    def _loaded_rules(self) -> Rules:
        with tempfile.TemporaryDirectory(prefix="monition-") as directory:
            self._write(Path(directory), [name for name in _RULES if name in self.files])
            return rules.load(Path(directory))

    def _write(self, directory: Path, names: list[str]) -> None:
        for name in names:
            path = directory / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(self.files[name].encode("utf-8"))


def edition_of(config: Config, policy: Rules, letters: NoticeTexts) -> Edition:
    """Read the edition that some rules and letters were loaded from.

    Raises :class:`ListError` where a file is not UTF-8 or all are larger than :data:`LARGEST`,
    and ``OSError``.
    """
    directory = config.policies.directory
    found = dict(_files(directory))
    found |= {_NOTICES + name: text for name, text in letters.sources.items()}
    made = Edition(policy.digest, found, settings_of(config))
    if len(made.content) > LARGEST:
        message = f"holds more than {LARGEST // 2**20} MiB of policies; is it the right folder?"
        raise ListError([Fault(str(directory), None, None, message)])
    return made


def texts_digest(config: Config, letters: NoticeTexts) -> str:
    """Give what :attr:`Edition.texts` would be of what is loaded, without reading a file."""
    named = {_NOTICES + name: text for name, text in letters.sources.items()}
    return _digest_of(named, settings_of(config))


def _digest_of(letters: Mapping[str, str], settings: Mapping[str, Any]) -> str:
    content = _canonical({"files": letters, "settings": settings})
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def parse(content: bytes) -> Edition:
    """Read what :attr:`Edition.content` gave.

    Raises ``ValueError``, ``KeyError`` or ``TypeError``: it is of another form.
    """
    said: dict[str, Any] = json.loads(content)
    if said["format"] != FORMAT:
        raise ValueError("another version of Monition wrote it")
    return Edition(said["policy"], dict(said["files"]), dict(said["settings"]), said["version"])


def settings_of(config: Config) -> dict[str, Any]:
    """Give what notices name of a configuration."""
    return {
        "institution": config.institution.name,
        "compliance": dataclasses.asdict(config.compliance),
        "notices": {
            "from_": config.notices.from_,
            "reply_to": config.notices.reply_to,
            "every_days": config.notices.every_days,
            "languages": list(config.notices.languages),
        },
        "desk": config.desk and config.desk.address,
    }


def _files(directory: Path) -> Iterator[tuple[str, str]]:
    paths = [directory / name for name in (*_RULES, *_OTHERS)]
    paths += sorted((directory / "entities").glob("*.toml"))
    for path in paths:
        if not path.is_file():
            continue
        with path.open("rb") as stream:
            raw = stream.read(LARGEST + 1)
        try:
            yield path.relative_to(directory).as_posix(), raw.decode("utf-8")
        except UnicodeDecodeError:
            fault = Fault(str(path), None, None, "is not UTF-8; save it as UTF-8")
            raise ListError([fault]) from None


def _canonical(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content, sort_keys=True, separators=(",", ":")).encode("ascii")

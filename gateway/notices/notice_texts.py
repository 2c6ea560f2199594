"""The notice texts of a policies directory: read once, checked, then used from memory.

``notices/LANGUAGE/notice.txt.j2`` is the letter in one language, ``LANGUAGE/TIER.j2`` says in two
macros what a tier's lists ask for, ``LANGUAGE/lists.j2`` names the lists, ``LANGUAGE/never.txt``
holds words that no notice may say, and ``page.html.j2`` is the HTML around the words. A file that
a directory lacks is taken from the packaged texts, so that an office changes one and keeps the
rest.
"""

from __future__ import annotations

import traceback
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jinja2 import (
    FunctionLoader,
    StrictUndefined,
    TemplateNotFound,
    TemplateSyntaxError,
    meta,
    nodes,
)
from jinja2.sandbox import ImmutableSandboxedEnvironment

from gateway import packaged
from gateway.errors import ConfigError, Fault

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

HTML_FILE = "page.html.j2"
PLAIN_TEXT_FILE = "notice.txt.j2"
FORBIDDEN_WORDS_FILE = "never.txt"

# A letter has a few kilobytes; what is far larger was put there by mistake.
_LARGEST = 256 * 1024


@dataclass(frozen=True, slots=True)
class NoticeTexts:
    """All texts by name (``en/notice.txt.j2``), with the file each came from.

    ``directory`` is the policies' own ``notices`` folder. ``sources`` maps names to contents.
    ``forbidden_words`` has, by language, the words that no notice may say, in lower case.
    """

    directory: Path
    environment: ImmutableSandboxedEnvironment
    sources: Mapping[str, str]
    files: Mapping[str, Path]
    forbidden_words: Mapping[str, tuple[str, ...]]

    @property
    def languages(self) -> frozenset[str]:
        """The languages, as ``en`` or ``pt-BR``, that a letter stands in."""
        return frozenset(
            n.partition("/")[0] for n in self.files if n.endswith("/" + PLAIN_TEXT_FILE)
        )

    def place(self, name: str) -> str:
        """The file of a text for people to read; where it should be, if it is missing."""
        return str(self.files.get(name, self.directory / name))


def load(directory: Path) -> NoticeTexts:
    """Read the texts in the ``notices`` folder of a policies directory.

    Raises ``ConfigError`` with every file that can't be read, isn't UTF-8, is larger than 256 KiB
    or isn't a Jinja template. What is read stays as it was read: a file changed later is not used
    half-written.
    """
    own = directory / "notices"
    files = {**_files(packaged.policies_directory() / "notices"), **_files(own)}
    faults: list[Fault] = []
    sources: dict[str, str] = {}
    for name, path in sorted(files.items()):
        try:
            sources[name] = _read(path)
        except (OSError, ValueError) as problem:
            reason = getattr(problem, "strerror", None) or str(problem)
            faults.append(Fault(str(path), None, None, f"cannot be read: {reason}"))
    environment = _environment(sources, files)
    for name in sources:
        if name.endswith(".j2"):
            try:
                environment.get_template(name)
            except TemplateSyntaxError as problem:
                faults.append(_syntax_fault(problem, files[name]))
    if faults:
        raise ConfigError(faults)
    never = {
        name.partition("/")[0]: tuple(_words(source))
        for name, source in sources.items()
        if name.endswith("/" + FORBIDDEN_WORDS_FILE)
    }
    return NoticeTexts(own, environment, sources, files, never)


def unknown_names(
    texts: NoticeTexts, language: str, of_letters: frozenset[str], of_page: frozenset[str]
) -> Iterator[Fault]:
    """Tell names that templates use and nobody gives, on whatever branch they stand.

    The letters of ``language`` know ``of_letters``, the page ``of_page``. A fault a name and file.
    """
    for name, path in texts.files.items():
        if not name.endswith(".j2") or name.partition("/")[0] not in {language, HTML_FILE}:
            continue
        tree = texts.environment.parse(texts.sources[name], name)
        known = of_page if name == HTML_FILE else of_letters
        for missing in sorted(meta.find_undeclared_variables(tree) - known):
            uses = (node for node in tree.find_all(nodes.Name) if node.name == missing)
            line = min((node.lineno for node in uses), default=None)
            yield Fault(str(path), line, None, f"{missing!r} is no name that a notice knows")


def located(error: Exception, texts: NoticeTexts, name: str) -> Fault:
    """Tell where, in which file, and why the rendering of ``name`` failed with ``error``."""
    if isinstance(error, TemplateNotFound):
        return Fault(texts.place(str(error.name)), None, None, "is missing")
    known = {str(path) for path in texts.files.values()}
    file, line = texts.place(name), None
    # Jinja puts the lines of templates into the traceback; the innermost is the culprit.
    for frame in traceback.extract_tb(error.__traceback__):
        if frame.filename in known:
            file, line = frame.filename, frame.lineno
    return Fault(file, line, None, f"cannot be filled in: {error}")


def _environment(
    sources: Mapping[str, str], files: Mapping[str, Path]
) -> ImmutableSandboxedEnvironment:
    def source_of(name: str) -> tuple[str, str, None] | None:
        return (sources[name], str(files[name]), None) if name in sources else None

    return ImmutableSandboxedEnvironment(
        loader=FunctionLoader(source_of),
        undefined=StrictUndefined,
        autoescape=lambda name: name is not None and name.endswith(".html.j2"),
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _files(root: Path) -> dict[str, Path]:
    return {
        path.relative_to(root).as_posix(): path
        for pattern in ("*.j2", "*/*.j2", f"*/{FORBIDDEN_WORDS_FILE}")
        for path in root.glob(pattern)
        if path.is_file()
    }


def _read(path: Path) -> str:
    with path.open("rb") as stream:
        raw = stream.read(_LARGEST + 1)
    if len(raw) > _LARGEST:
        raise ValueError(f"it is larger than {_LARGEST // 1024} KiB; is it the right file?")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = raw.count(b"\n", 0, problem.start) + 1
        raise ValueError(f"line {line} is not UTF-8; save the file as UTF-8") from None


def _words(source: str) -> Iterator[str]:
    for line in source.splitlines():
        word = line.partition("#")[0].strip()
        if word:
            yield word.lower()


def _syntax_fault(problem: TemplateSyntaxError, path: Path) -> Fault:
    file = problem.filename or str(path)
    return Fault(file, problem.lineno, None, f"is not a template: {problem.message}")

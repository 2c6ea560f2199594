"""policy.toml, exceptions.toml and examples.toml, read into the rules that decisions follow."""

from __future__ import annotations

import difflib
import hashlib
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from gateway.document import Document
from gateway.errors import ConfigError, FaultyFile
from gateway.model import Action, Standing
from gateway.policy.conditions import read_conditions
from gateway.policy.examples import read_examples
from gateway.policy.exceptions import read_exceptions
from gateway.policy.tiers import read_tiers

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date
    from pathlib import Path

    from gateway.document import Section
    from gateway.errors import Fault
    from gateway.policy.conditions import Conditions
    from gateway.policy.examples import Example
    from gateway.policy.exceptions import Exemption
    from gateway.policy.tiers import Tiers

# What a decision under an exception is headed by; no rule may be named so.
EXCEPTION = "exception: "

# RFC 5321 section 4.5.3.1.5: a reply line has 512 octets, of which "550 5.7.1 " and CRLF are ours.
_LONGEST_REFUSAL = 500


@dataclass(frozen=True, slots=True)
class PolicyRule:
    """One rule. ``text`` is for people; with ``refuse`` it and ``url`` are the SMTP reply's.

    Both are ASCII then, and have 500 characters together at most.
    """

    name: str
    action: Action
    text: str
    conditions: Conditions
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Rules:
    """The whole policy, rules in their order.

    ``digest`` is ``sha256:`` and 64 hex digits over all that bears on decisions: not the examples.
    """

    tiers: Tiers
    rules: tuple[PolicyRule, ...]
    exceptions: tuple[Exemption, ...]
    examples: tuple[Example, ...]
    digest: str

    def expired(self, on: date) -> tuple[Exemption, ...]:
        """Give the exceptions whose last day is past: they do nothing any more."""
        return tuple(each for each in self.exceptions if each.has_expired(on))

    def named(self, name: str) -> PolicyRule | None:
        """Give the rule that a decision names; ``None`` for an exception, or where none fitted."""
        return next((rule for rule in self.rules if rule.name == name), None)


def load(directory: Path) -> Rules:
    """Read the policy below a directory; raises :class:`ConfigError` with all faults at once.

    ``exceptions.toml`` and ``examples.toml`` may be absent. Opens files, and nothing else.
    """
    faults: list[Fault] = []
    tiers: Tiers | None = None
    rules: tuple[PolicyRule, ...] = ()
    try:
        document = Document.read(directory / "policy.toml")
        tiers = read_tiers(document.root)
        sections = document.root.tables("rule")
        rules = tuple(_rule(section, tiers) for section in sections)
        _check_order(sections, rules)
        document.root.known.add("example")
        document.check()
    except FaultyFile as error:
        faults += error.faults
    exceptions = read_exceptions(directory / "exceptions.toml", faults)
    examples = read_examples(directory, faults)
    if faults or tiers is None:
        raise ConfigError(faults)
    return Rules(tiers, rules, exceptions, examples, _digest(tiers, rules, exceptions))


def _rule(section: Section, tiers: Tiers) -> PolicyRule:
    name = section.text("name")
    if name.startswith(EXCEPTION.rstrip()):
        section.fault("name", "begins like an exception's; put it in exceptions.toml, or rename it")
    conditions = read_conditions(section)
    action = section.choice("action", Action)
    if Standing.CLEAR in conditions.standing and action is not Action.PASS:
        section.fault(
            "action",
            f"is {action.value!r}, but mail to recipients that no list names leaves no trace: "
            'only "pass" is possible where standing names "clear"',
        )
    lists = sorted({named for named, _ in tiers.table})
    for list_ in sorted(conditions.list):
        if not tiers.has_list(list_):
            near = difflib.get_close_matches(list_, lists, 1)
            hint = f"; did you mean {near[0]}?" if near else "; add a [[tier]] for it"
            section.fault("list", f"{list_} has no tier{hint}")
    rule = PolicyRule(
        name, action, section.text("text"), conditions, section.text("url", default=None)
    )
    if action is Action.REFUSE:
        _check_refusal(section, rule)
    return rule


def _check_refusal(section: Section, rule: PolicyRule) -> None:
    if rule.url is None:
        section.fault("url", "is missing; a refusal names a page that explains it")
    for key, text in (("text", rule.text), ("url", rule.url or "")):
        if not text.isascii():
            section.fault(key, "must be ASCII, since action refuse puts it into an SMTP reply")
    if len(rule.text) + len(rule.url or "") + 1 > _LONGEST_REFUSAL:
        section.fault("text", f"and url may have {_LONGEST_REFUSAL} characters in an SMTP reply")


def _check_order(sections: Iterable[Section], rules: Iterable[PolicyRule]) -> None:
    seen: dict[str, int | None] = {}
    last: str | None = None
    for section, rule in zip(sections, rules, strict=True):
        if rule.name in seen:
            section.fault(
                "name", f"{rule.name!r} is the name of the rule in line {seen[rule.name]}"
            )
        seen.setdefault(rule.name, section.line())
        if last is not None:
            section.fault(None, f"is never reached: {last!r} before it fits everything")
        if rule.conditions.are_none:
            last = rule.name


def _digest(tiers: Tiers, rules: tuple[PolicyRule, ...], exceptions: tuple[Exemption, ...]) -> str:
    content = {
        "tiers": sorted(
            [list_, programme or "", tier] for (list_, programme), tier in tiers.table.items()
        ),
        "otherwise": tiers.otherwise,
        "rules": [asdict(rule) for rule in rules],
        "exceptions": [asdict(each) for each in exceptions],
    }
    text = json.dumps(
        content,
        sort_keys=True,
        separators=(",", ":"),
        default=lambda value: sorted(value) if isinstance(value, frozenset) else str(value),
    )
    return "sha256:" + hashlib.sha256(text.encode("ascii")).hexdigest()

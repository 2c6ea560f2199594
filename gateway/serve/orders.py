"""Snapshot, rules and texts, loaded together: all of them hold, or the old ones stay."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.errors import ConfigError, Fault
from gateway.net.watch import Orders
from gateway.notice import check, texts
from gateway.policy import rules, trial
from gateway.screen import snapshot
from gateway.screen.address import from_text
from gateway.screen.classify import classify

if TYPE_CHECKING:
    from datetime import date

    from gateway.config import Config
    from gateway.notice.texts import Texts


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a process works by, from one reading of the policies directory."""

    orders: Orders
    texts: Texts


def load(config: Config, today: date) -> Loaded:
    """Read and check the policies directory; raises ``FaultyFile`` with what is wrong.

    Notice texts are filled in with examples, and the policy's own examples are put to the test
    (behaviours P4, P5): what passes here does not fail at send time.
    """
    directory = config.policies.directory
    listed = snapshot.load(directory)
    policy = rules.load(directory)
    if faults := check.check(directory, config):
        raise ConfigError(faults)
    failed = trial.failures(
        policy, lambda address, on: classify(from_text(address), listed, on), today
    )
    if failed:
        raise ConfigError(
            Fault(each.example.file, each.example.line, None, f"example failed: {each}")
            for each in failed
        )
    return Loaded(Orders(listed, policy), texts.load(directory))

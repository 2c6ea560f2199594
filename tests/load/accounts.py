"""What clients, next hop and ledger have written down, compared.

Reads nothing but what it is given, and imports nothing from beside it.
"""

import json
from collections import Counter, defaultdict
from pathlib import Path


def read(file: Path) -> list[dict]:
    """The lines of a program's file, without one that is still being written."""
    *lines, _ = file.read_bytes().split(b"\n")
    return [json.loads(line) for line in lines]


def is_accepted(attempt: dict) -> bool:
    """Whether the client was told that its message was taken."""
    return attempt["code"] is not None and attempt["code"] // 100 == 2


def faults(
    tries: list[dict], kept: list[dict], findings: list[tuple], *, is_cut: bool
) -> list[str]:
    """All that is not as promised, a sentence each.

    ``kept`` is the next hop's; ``findings`` are pairs of recipient and outcome, the ledger's.
    ``is_cut``: connections broke, so that a client may not know what became of its message (R19).
    """
    found = []
    copies = Counter(recipient for message in kept for recipient in message["recipients"])
    contents = {message["recipients"][0]: message["content"] for message in kept}
    outcomes = defaultdict(list)
    for recipient, outcome in findings:
        outcomes[recipient].append(outcome)

    for each in tries:
        recipient = each["recipient"]
        told = f"{recipient}: {each['code'] or each['why']} to {each['stage']}"
        here, events = copies.pop(recipient, 0), outcomes.pop(recipient, [])
        is_unsure = each["stage"] == "dot" and not is_accepted(each)
        if each["code"] is not None and each["code"] >= 500:
            found.append(f"{told}: invented")
        if is_accepted(each) and here != 1:
            found.append(f"{told}: accepted, and {here} times at the next hop")
        if not is_accepted(each) and here > is_unsure:
            found.append(f"{told}: not accepted, and {here} times at the next hop")
        if is_unsure and not is_cut:
            found.append(f"{told}: nothing broke, and yet it is not known")
        if here and contents[recipient] != each["content"]:
            found.append(f"{told}: changed on its way")
        if sorted(events) not in _lawful(each, here=here):
            found.append(f"{told}: {here} times at the next hop, in the ledger as {events}")
    found += [f"{recipient}: nobody sent that" for recipient in (*copies, *outcomes)]
    return found


def _lawful(attempt: dict, *, here: int) -> list[list[str]]:
    """The outcomes that its recipient may have in the ledger."""
    if not attempt["is_matched"]:
        return [[]]
    if is_accepted(attempt):
        return [["delivered"]]
    if here:
        # Its event came before its dot; the answer may have been lost on its way to us, or to them.
        return [["delivered"], ["unknown"]]
    return [[], ["failed"], ["unknown"]]


def figures(tries: list[dict], kept: list[dict]) -> dict[str, int]:
    """How the tries ended, counted; ``unknowing`` are those that were taken all the same."""
    ends = Counter(
        "accepted" if is_accepted(each) else f"{each['code'] or each['why']} to {each['stage']}"
        for each in tries
    )
    here = {recipient for message in kept for recipient in message["recipients"]}
    return {
        "messages": len({each["message"] for each in tries}),
        "tries": len(tries),
        **dict(ends.most_common()),
        "unknowing": sum(each["recipient"] in here and not is_accepted(each) for each in tries),
    }

"""Audit questions about what the office decided, allowed, keeps and erased (A6). Pure."""

# ruff: noqa: S608 - our words alone; what a person asks for goes in as parameters

from __future__ import annotations

from gateway.ledger.questions.question import (
    AnswerSentence,
    Parameter,
    ParameterKind,
    Question,
    findings_where,
)
from gateway.ledger.questions.questions_contacts import INSTITUTION, PERIOD

_PARTIES = ("sender", "recipient", "entity_name")
_PARTIES_SQL = ", ".join(f"n.{column}" for column in _PARTIES)

# The decision that counts for a finding n: the last one.
_LAST = (
    "(SELECT {} FROM event d WHERE d.kind = 'DISPOSED'"
    " AND json_extract(d.facts, '$.observed') = +n.id ORDER BY d.seq DESC LIMIT 1)"
)
_BY = _LAST.format("json_extract(d.facts, '$.by')")
_DECIDED_AT = _LAST.format("d.at")
_REASON = _LAST.format(
    "(SELECT json_extract(p.data, '$.reason') FROM personal p"
    " WHERE p.event = d.id AND p.part = 'notes')"
)
_IN_PERIOD = "({0} >= :since OR :since IS NULL) AND ({0} < :until OR :until IS NULL)"
_SINCE = Parameter(
    "since", ParameterKind.MOMENT, "From then on: a day, or how long ago (30d).", "WHEN"
)
_UNTIL = Parameter("until", ParameterKind.END, "Up to then; a day is in.", "WHEN")
_DAYS = Parameter("days", ParameterKind.NUMBER, "So many days.", "N", 30)

OPEN_LONGER = Question(
    "open-longer",
    "Which findings have been open for longer than N days?",
    AnswerSentence(
        "No finding has been open for so long.",
        "One finding has been open for so long.",
        "{count} findings have been open for so long, the oldest first.",
    ),
    ("at", "id", "days_open", *_PARTIES, "department", "standing", "tier", "notice"),
    ("at", "id", "days_open", "sender", "entity_name"),
    "--days 30 --tier blocking",
    "SELECT n.at, n.id, CAST(julianday(:now) - julianday(n.at) AS INTEGER), "
    f"{_PARTIES_SQL}, n.department, n.standing, n.tier, n.notice "
    "FROM finding n WHERE n.seq IN "
    + findings_where(
        "{where} AND disposition = 'open'"
        " AND at < strftime('%Y-%m-%dT%H:%M:%fZ', :now, '-' || :days || ' days')",
        "ASC",
    )
    + " ORDER BY n.seq",
    ("sender", *INSTITUTION, "standing", "department"),
    (_DAYS,),
)

LICENCE = Question(
    "licence",
    "What was allowed under a licence?",
    AnswerSentence(
        "Nothing in the ledger rests on that licence.",
        "One finding rests on that licence.",
        "{count} findings rest on that licence, the newest first.",
    ),
    (
        *("at", "id", *_PARTIES, "licence", "disposition", "expires_on"),
        *("decided_at", "by", "reason"),
    ),
    ("at", "id", "sender", "entity_name", "expires_on"),
    "--number GL-8J",
    f"SELECT n.at, n.id, {_PARTIES_SQL}, n.licence, n.disposition, n.expires_on, "
    f"{_DECIDED_AT}, {_BY}, {_REASON} FROM finding n WHERE n.seq IN ("
    "SELECT seq FROM facet INDEXED BY facet_licence"
    " WHERE licence IS NOT NULL AND lower(licence) = lower(:number)"
    " ORDER BY seq DESC LIMIT :limit) ORDER BY n.seq DESC",
    (),
    (Parameter("number", ParameterKind.WORD, "The licence's number.", "NUMBER", is_required=True),),
)

FALSE_POSITIVES = Question(
    "false-positives",
    "How often was a rule wrong about an institution?",
    AnswerSentence(
        "Nothing was decided yet, so there is no rate.",
        "One institution and rule has decided findings.",
        "{count} institutions and rules have decided findings, the most often wrong first.",
    ),
    ("entity", "entity_name", "rule", "findings", "decided", "false_positives", "percent"),
    ("entity_name", "rule", "decided", "false_positives", "percent"),
    "--since 365d",
    """\
SELECT entity, max(entity_name), rule, count(*), sum(disposition <> 'open') AS decided,
  sum(disposition = 'false-positive') AS wrong,
  CAST(round(100.0 * sum(disposition = 'false-positive') / sum(disposition <> 'open')) AS INTEGER)
FROM facet WHERE {where}
GROUP BY +entity, rule HAVING decided > 0
ORDER BY wrong DESC, decided DESC, entity, rule LIMIT :limit""",
    (*PERIOD, *INSTITUTION),
)

_ALLOWED = ("disposition", "licence", "expires_on", "decided_at", "by", "reason")
_ALLOWED_SQL = (
    f"SELECT n.at, n.id, {_PARTIES_SQL}, n.disposition, n.licence, n.expires_on, "
    f"{_DECIDED_AT}, {_BY}, {_REASON} FROM finding n "
    "WHERE n.seq IN (SELECT seq FROM facet WHERE disposition IN ('exempt', 'licensed'))"
)

EXCEPTIONS = Question(
    "exceptions",
    "Which exceptions and licences are in force?",
    AnswerSentence(
        "No exception is in force, neither decided nor written in the policy.",
        "One exception is in force.",
        "{count} exceptions are in force, those that end first at the top.",
    ),
    ("source", "name", "at", "id", *_PARTIES, *_ALLOWED),
    ("source", "name", "sender", "entity_name", "expires_on"),
    "",
    f"SELECT 'decision', coalesce(licence, disposition), * FROM ({_ALLOWED_SQL}) "
    "WHERE expires_on IS NULL OR expires_on >= :today "
    "ORDER BY coalesce(expires_on, '9999'), at LIMIT :limit",
)

EXPIRING = Question(
    "expiring",
    "Which exceptions and licences end within N days?",
    AnswerSentence(
        "None ends so soon.",
        "One ends so soon.",
        "{count} end so soon, the first at the top.",
    ),
    ("at", "id", *_PARTIES, *_ALLOWED),
    ("expires_on", "id", "sender", "entity_name", "licence"),
    "--days 60",
    f"SELECT * FROM ({_ALLOWED_SQL}) "
    "WHERE expires_on >= :today AND expires_on <= date(:today, '+' || :days || ' days') "
    "ORDER BY expires_on, at LIMIT :limit",
    (),
    (_DAYS,),
)

DECISIONS = Question(
    "decisions",
    "Who decided what, when and why?",
    AnswerSentence(
        "Nothing was decided.",
        "One decision was taken.",
        "{count} decisions were taken, the newest first.",
    ),
    (
        *("at", "by", "disposition", "licence", "expires_on", "reason"),
        *("finding", "sender", "entity_name"),
    ),
    ("at", "by", "disposition", "finding", "sender"),
    "--since 30d --by 'Jane Doe'",
    f"""\
SELECT d.at, json_extract(d.facts, '$.by'), json_extract(d.facts, '$.disposition'),
  json_extract(d.facts, '$.licence'), json_extract(d.facts, '$.expires_on'),
  json_extract(p.data, '$.reason'), o.id, json_extract(s.data, '$.address'),
  json_extract(o.facts, '$.entity_name')
FROM (
  SELECT seq, id, at, facts FROM event
  WHERE kind = 'DISPOSED' AND {_IN_PERIOD.format("at")}
    AND (:by IS NULL OR lower(json_extract(facts, '$.by')) = lower(:by))
  ORDER BY at DESC, seq DESC LIMIT :limit
) d
JOIN event o ON o.id = json_extract(d.facts, '$.observed')
LEFT JOIN personal p ON p.event = d.id AND p.part = 'notes'
LEFT JOIN personal s ON s.event = o.id AND s.part = 'sender'
ORDER BY d.at DESC, d.seq DESC""",
    (),
    (_SINCE, _UNTIL, Parameter("by", ParameterKind.WORD, "Only those of that person.", "NAME")),
)

HELD = Question(
    "held",
    "What is under hold, for which matter, since when?",
    AnswerSentence(
        "Nothing is under hold.",
        "One finding is under hold.",
        "{count} findings are under hold.",
    ),
    ("at", "id", *_PARTIES, "matter", "held_at", "by"),
    ("held_at", "id", "matter", "by", "sender"),
    "--matter 2026-17",
    """\
SELECT n.at, n.id, n.sender, n.recipient, n.entity_name, json_extract(h.facts, '$.matter'), h.at,
  json_extract(h.facts, '$.by')
FROM event h INDEXED BY held_observed
JOIN finding n ON n.id = json_extract(h.facts, '$.observed')
WHERE h.kind IN ('HELD', 'RELEASED') AND h.kind = 'HELD'
  AND h.seq = (
    SELECT max(x.seq) FROM event x
    WHERE x.kind IN ('HELD', 'RELEASED')
      AND json_extract(x.facts, '$.observed') = json_extract(h.facts, '$.observed'))
  AND (:matter IS NULL OR lower(json_extract(h.facts, '$.matter')) = lower(:matter))
ORDER BY h.seq DESC LIMIT :limit""",
    (),
    (Parameter("matter", ParameterKind.WORD, "Only what is held for that matter.", "NAME"),),
)

ERASED = Question(
    "erased",
    "What was erased, when, and by whom?",
    AnswerSentence(
        "Nothing was erased.",
        "There was one erasure.",
        "There were {count} erasures, the newest first.",
    ),
    ("at", "id", "by", "cause", "sender_parts", "recipient_parts", "notes", "events", "kept"),
    ("at", "by", "cause", "events", "kept"),
    "--since 365d",
    f"""\
SELECT e.at, e.id, json_extract(e.facts, '$.by'), json_extract(e.facts, '$.cause'),
  json_extract(e.facts, '$.parts.sender'), json_extract(e.facts, '$.parts.recipient'),
  json_extract(e.facts, '$.parts.notes'), json_extract(e.facts, '$.events'),
  json_extract(e.facts, '$.kept')
FROM event e
WHERE e.kind IN ('JOURNALLED', 'ERASED') AND e.kind = 'ERASED' AND {_IN_PERIOD.format("e.at")}
ORDER BY e.at DESC, e.seq DESC LIMIT :limit""",
    (),
    (_SINCE, _UNTIL),
)

ALL = (
    *(OPEN_LONGER, LICENCE, FALSE_POSITIVES, EXCEPTIONS, EXPIRING),
    *(DECISIONS, HELD, ERASED),
)

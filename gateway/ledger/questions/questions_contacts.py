"""Audit questions about who wrote to whom, and who was told of it (behaviour A6). Pure."""

# ruff: noqa: S608 - our words alone; what a person asks for goes in as parameters

from __future__ import annotations

from gateway.ledger.questions.question import (
    AnswerSentence,
    Parameter,
    ParameterKind,
    Question,
    findings_where,
)

PERIOD = ("since", "until")
INSTITUTION = ("entity", "list", "programme", "tier")
_FINDING = ("at", "id", "sender", "recipient", "entity", "entity_name", "department")
_FOR_PEOPLE = ("at", "id", "sender", "entity_name")
_FINDING_SQL = ", ".join(f"n.{column}" for column in _FINDING)

CONTACTS = Question(
    "contacts",
    "Who wrote to whom between two days, and what became of it?",
    AnswerSentence(
        "Nobody did, as far as the ledger goes.",
        "One recipient was written to.",
        "{count} recipients were written to, the newest first.",
    ),
    (*_FINDING, "matched", "outcome", "notice", "disposition"),
    ("at", "id", "sender", "recipient", "outcome"),
    "--sender prof@example.edu --domain mipt.ru --since 2026-01-01 --until 2026-06-30",
    f"SELECT {_FINDING_SQL}, n.matched, n.outcome, n.notice, n.disposition "
    f"FROM finding n WHERE n.seq IN {findings_where('{where}')} ORDER BY n.seq DESC",
    (*PERIOD, "sender", "recipient", "domain", *INSTITUTION, "department", "outcome", "text"),
)

FIRST_CONTACTS = Question(
    "first-contacts",
    "Who wrote to an institution for the first time?",
    AnswerSentence(
        "Nobody wrote to an institution for the first time.",
        "One sender wrote to an institution for the first time.",
        "{count} first contacts of a sender with an institution, the newest first.",
    ),
    (*_FINDING, "findings"),
    (*_FOR_PEOPLE, "findings"),
    "--since 7d",
    f"SELECT {_FINDING_SQL}, ("
    "SELECT count(*) FROM facet f JOIN facet c ON c.sender = f.sender AND c.entity = f.entity"
    " WHERE f.seq = n.seq) AS findings FROM finding n WHERE n.seq IN "
    + findings_where(
        "{where} AND sender <> '' AND entity IS NOT NULL AND NOT EXISTS ("
        "SELECT 1 FROM facet e WHERE e.sender = facet.sender AND e.entity = facet.entity"
        " AND e.seq < facet.seq)"
    )
    + " ORDER BY n.seq DESC",
    (*PERIOD, "sender", "domain", *INSTITUTION, "department", "text"),
)

WARNED_OFTEN = Question(
    "warned-often",
    "Who was warned more than N times?",
    AnswerSentence(
        "Nobody was warned so often.",
        "One sender was warned so often.",
        "{count} senders were warned so often, the most often warned first.",
    ),
    ("sender", "department", "warnings", "institutions", "findings", "first_at", "last_at"),
    ("sender", "department", "warnings", "institutions", "last_at"),
    "--times 3 --since 365d",
    """\
SELECT sender, max(department), count(DISTINCT notice_id), count(DISTINCT entity), count(*),
  min(at), max(at)
FROM facet WHERE {where} AND notice = 'sent' AND sender <> ''
GROUP BY +sender HAVING count(DISTINCT notice_id) > :times
ORDER BY 3 DESC, 1 LIMIT :limit""",
    (*PERIOD, *INSTITUTION, "department"),
    (Parameter("times", ParameterKind.NUMBER, "More often than so many times.", "N", 2),),
)

# A NOTIFIED event says when a letter went; the plus leads to its index.
_SENT_AT = (
    "(SELECT min(x.at) FROM event x WHERE x.kind = 'NOTIFIED'"
    " AND json_extract(x.facts, '$.notice') = +{}"
    " AND json_extract(x.facts, '$.result') = 'sent')"
)

# Whether an earlier finding of the pair led to a letter that went before this one came. The first
# of them decides it, and the index of facet has them in their order.
_WARNED = (
    "{0}.sender = w.sender AND {0}.entity = w.entity AND w.notice = 'sent' AND w.seq < {0}.seq"
)
_WAS_WARNED = (
    f"EXISTS (SELECT 1 FROM facet w INDEXED BY facet_warned WHERE {_WARNED.format('facet')}"
    f" AND {_SENT_AT.format('w.notice_id')} < facet.at)"
)
_LAST_BEFORE = (
    f"(SELECT max({_SENT_AT.format('w.notice_id')}) FROM facet f CROSS JOIN facet w"
    f" INDEXED BY facet_warned ON {_WARNED.format('f')}"
    f" WHERE f.seq = n.seq AND {_SENT_AT.format('w.notice_id')} < f.at)"
)

AFTER_WARNING = Question(
    "after-warning",
    "Who wrote to an institution again after being warned about it?",
    AnswerSentence(
        "Nobody wrote to an institution again after being warned about it.",
        "One recipient was written to after its sender was warned about the institution.",
        "{count} recipients were written to after their senders were warned about the "
        "institution, the newest first.",
    ),
    (*_FINDING, "warned_at", "outcome", "disposition"),
    ("at", "id", "sender", "entity_name", "warned_at"),
    "--since 30d --tier blocking",
    f"SELECT {_FINDING_SQL}, {_LAST_BEFORE}, n.outcome, n.disposition "
    f"FROM finding n WHERE n.seq IN {findings_where(f'{{where}} AND {_WAS_WARNED}')} "
    "ORDER BY n.seq DESC",
    (*PERIOD, "sender", *INSTITUTION, "department"),
)

NOT_WARNED = Question(
    "not-warned",
    "Who wrote to a listed institution without being told, and why not?",
    AnswerSentence(
        "Everybody whose message was delivered to a listed institution was told.",
        "One message went to a listed institution of which its sender was not told.",
        "{count} recipients at listed institutions of whom the sender was not told; `notice` says "
        "why.",
    ),
    (*_FINDING, "tier", "notice", "policy_rule"),
    (*_FOR_PEOPLE, "notice"),
    "--since 30d --tier blocking",
    f"SELECT {_FINDING_SQL}, n.tier, n.notice, n.policy_rule FROM finding n WHERE n.seq IN "
    + findings_where(
        "{where} AND standing = 'listed' AND outcome = 'delivered' "
        "AND notice NOT IN ('sent', 'queued')"
    )
    + " ORDER BY n.seq DESC",
    (*PERIOD, "sender", *INSTITUTION, "department"),
)

UNKNOWN_OUTCOME = Question(
    "unknown-outcome",
    "Which messages may or may not have arrived?",
    AnswerSentence(
        "Of every message it is known what became of it.",
        "Of one recipient it is not known whether the message arrived.",
        "Of {count} recipients it is not known whether the message arrived.",
    ),
    (*_FINDING, "outcome", "queue_id", "message_id"),
    (*_FOR_PEOPLE, "outcome"),
    "--since 30d",
    f"SELECT {_FINDING_SQL}, n.outcome, n.queue_id, n.message_id FROM finding n "
    f"WHERE n.seq IN {findings_where('''{where} AND outcome IN ('unknown', 'pending')''')} "
    "ORDER BY n.seq DESC",
    (*PERIOD, "sender", *INSTITUTION, "department"),
)

ALL = (CONTACTS, FIRST_CONTACTS, WARNED_OFTEN, AFTER_WARNING, NOT_WARNED, UNKNOWN_OUTCOME)

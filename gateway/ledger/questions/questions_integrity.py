"""Audit questions about the watch itself: was it kept, who looked, is it intact (A6). Pure."""

from __future__ import annotations

from gateway.ledger.questions.question import AnswerSentence, Parameter, ParameterKind, Question

_SINCE = Parameter(
    "since", ParameterKind.MOMENT, "From then on: a day, or how long ago (30d).", "WHEN"
)
_UNTIL = Parameter("until", ParameterKind.END, "Up to then; a day is in.", "WHEN")

# A process shows every five minutes that it lives. One sign may be late; with two missing nobody
# can say that it watched. What lies between two signs of one process was watched, what lies in no
# such span was not. Signs beside the period say how it begins and ends; at its end, a sign that is
# not due yet is not missed.
_BEATS = """\
WITH beat AS (
  SELECT at, kind,
    lead(at) OVER (PARTITION BY json_extract(facts, '$.process') ORDER BY seq) AS next_at
  FROM event
  WHERE kind IN ('STARTED', 'STOPPED', 'HEARTBEAT')
    AND (:since IS NULL OR at >= min(
      strftime('%Y-%m-%dT%H:%M:%fZ', :since, '-10 minutes'),
      coalesce((
        SELECT max(at) FROM event
        WHERE kind IN ('STARTED', 'STOPPED', 'HEARTBEAT') AND at <= :since), :since)))
    AND (:until IS NULL OR at < strftime('%Y-%m-%dT%H:%M:%fZ', :until, '+10 minutes'))
),
span AS (
  SELECT at AS since,
    CASE WHEN kind <> 'STOPPED' AND julianday(next_at) - julianday(at) <= 10.0 / 1440
      THEN next_at ELSE at END AS until
  FROM beat
),
seen AS (
  SELECT since,
    max(until) OVER (
      ORDER BY since ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS seen_until
  FROM span
  UNION ALL
  SELECT :now, CASE
    WHEN max(until) IS NULL
      THEN coalesce(:since, (SELECT at FROM event ORDER BY seq LIMIT 1))
    WHEN julianday(:now) - julianday(max(until)) > 10.0 / 1440 THEN max(until) END
  FROM span
),
gap AS (
  SELECT seen_until,
    max(seen_until, coalesce(:since, seen_until)) AS since,
    min(since, coalesce(:until, since)) AS until
  FROM seen
  WHERE since > seen_until
    AND (:since IS NULL OR since > :since) AND (:until IS NULL OR seen_until < :until)
)"""

BLIND = Question(
    "blind",
    "Was the gateway blind, and when?",
    AnswerSentence(
        "No: at every moment a process was watching, and nothing is left unknown.",
        "One thing bears on it.",
        "{count} things bear on it.",
    ),
    ("since", "until", "minutes", "what", "detail"),
    ("since", "until", "minutes", "what", "detail"),
    "--since 365d --minutes 5",
    f"""\
{_BEATS}
SELECT * FROM (
SELECT since, until,
  CAST(round((julianday(until) - julianday(since)) * 1440) AS INTEGER) AS minutes,
  'nobody watched' AS what,
  CASE WHEN EXISTS (
    SELECT 1 FROM event s WHERE s.kind IN ('STARTED', 'STOPPED', 'HEARTBEAT')
      AND s.at = gap.seen_until AND s.kind = 'STOPPED')
  THEN 'stopped in good order' ELSE 'no sign of life' END
    || CASE WHEN until = :now THEN ', until now' ELSE '' END
FROM gap WHERE (julianday(until) - julianday(since)) * 1440 >= :minutes
UNION ALL
SELECT at, at, NULL, 'journal taken in',
  json_extract(facts, '$.events') || ' events kept there meanwhile, '
    || json_extract(facts, '$.set_aside') || ' lines not readable'
FROM event
WHERE kind IN ('JOURNALLED', 'ERASED') AND kind = 'JOURNALLED'
  AND (:since IS NULL OR at >= :since) AND (:until IS NULL OR at < :until)
UNION ALL
SELECT first, last, NULL, 'outcome unknown', 'of ' || count || ' recipients: ask unknown-outcome'
FROM (
  SELECT min(at) AS first, max(at) AS last, count(*) AS count FROM facet
  WHERE outcome = 'unknown'
    AND (:since IS NULL OR at >= :since) AND (:until IS NULL OR at < :until)
) WHERE count > 0
) ORDER BY what <> 'nobody watched', since DESC LIMIT :limit""",  # noqa: S608 - our words alone
    (),
    (
        *(_SINCE, _UNTIL),
        Parameter("minutes", ParameterKind.NUMBER, "Gaps of so many minutes at least.", "N", 1),
    ),
)

WHO_LOOKED = Question(
    "who-looked",
    "Who looked at whose records, and why?",
    AnswerSentence(
        "Nobody did.",
        "Somebody looked once.",
        "Records were looked at {count} times, the newest first.",
    ),
    ("at", "id", "by", "verb", "rows", "senders", "theirs", "filters", "reason"),
    ("at", "by", "verb", "rows", "theirs", "reason"),
    "--sender prof@example.edu",
    """\
SELECT a.at, a.id, json_extract(a.facts, '$.by'), json_extract(a.facts, '$.verb'),
  json_extract(a.facts, '$.rows'), json_extract(a.facts, '$.subject_count'),
  CASE WHEN :sender IS NULL THEN NULL
    WHEN json_extract(a.facts, '$.subjects') IS NULL THEN 'maybe' ELSE 'yes' END,
  json_extract(a.facts, '$.filters'), json_extract(p.data, '$.reason')
FROM event a LEFT JOIN personal p ON p.event = a.id AND p.part = 'notes'
WHERE a.kind = 'ACCESSED'
  AND (:since IS NULL OR a.at >= :since) AND (:until IS NULL OR a.at < :until)
  AND (:by IS NULL OR lower(json_extract(a.facts, '$.by')) = lower(:by))
  AND (:sender IS NULL OR json_extract(a.facts, '$.subjects') IS NULL
    OR EXISTS (SELECT 1 FROM json_each(a.facts, '$.subjects') WHERE value = :sender))
ORDER BY a.at DESC, a.seq DESC LIMIT :limit""",
    (),
    (
        *(_SINCE, _UNTIL),
        Parameter(
            "sender",
            ParameterKind.SENDER,
            "Only where this sender's records were among them, or may have been.",
            "ADDRESS",
        ),
        Parameter("by", ParameterKind.WORD, "Only what that person looked at.", "NAME"),
    ),
)

INTACT = Question(
    "intact",
    "Is the ledger intact?",
    AnswerSentence("", "", ""),
    ("intact", "events", "head", "seq", "id", "what"),
    ("seq", "id", "what"),
    "--checkpoint /mnt/safe/checkpoint.json",
    parameters=(
        Parameter(
            "checkpoint", ParameterKind.FILE, "A checkpoint that was kept elsewhere.", "FILE"
        ),
    ),
)

ALL = (BLIND, WHO_LOOKED, INTACT)

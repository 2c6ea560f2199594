"""The second version: what an office does with what was noticed, and how it finds it again.

``facet`` holds what findings are sought by, one narrow row for each. It is derived from the
events by triggers and only ever *chooses* rows: what is shown of them comes from the sealed events
themselves (the view ``finding``), and ``verify`` compares all of it with them.
"""

from __future__ import annotations

from gateway.ledger.schema.schema_object import SchemaObject

# Addresses are folded as SQLite's lower() does, ASCII alone. An erased one is NULL.
FACET = """\
CREATE TABLE facet (
  seq INTEGER PRIMARY KEY REFERENCES event (seq),
  id TEXT NOT NULL UNIQUE,
  at TEXT NOT NULL,
  sender TEXT,
  recipient TEXT,
  department TEXT,
  standing TEXT,
  kind TEXT,
  tier TEXT,
  entity TEXT,
  entity_name TEXT,
  list TEXT,
  programme TEXT,
  matched TEXT,
  rule TEXT,
  action TEXT,
  policy_rule TEXT,
  outcome TEXT NOT NULL DEFAULT 'pending',
  notice TEXT NOT NULL DEFAULT 'none',
  notice_id TEXT,
  disposition TEXT NOT NULL DEFAULT 'open',
  licence TEXT,
  held INTEGER NOT NULL DEFAULT 0
)"""

# Names that findings can be sought by, each once: small enough to compare a slip with all of them.
NAME = """\
CREATE TABLE name (
  id INTEGER PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('sender', 'recipient', 'entity')),
  value TEXT NOT NULL,
  UNIQUE (kind, value)
)"""

NAME_TEXT = """\
CREATE VIRTUAL TABLE name_text USING fts5(
  value, content='name', content_rowid='id', tokenize='unicode61 remove_diacritics 2'
)"""

SHADOWS = ("name_text_data", "name_text_idx", "name_text_docsize", "name_text_config")
"""The tables that FTS5 keeps behind an index of another table's content."""

NAME_WORD = "CREATE VIRTUAL TABLE name_word USING fts5vocab(name_text, 'row')"

# The key of the pseudonyms. It never leaves the ledger: with it, pseudonyms can be tried out.
SETTING = """\
CREATE TABLE setting (
  name TEXT NOT NULL PRIMARY KEY,
  value BLOB NOT NULL
) WITHOUT ROWID"""

# What a finding is, told from the sealed events and nothing else. The plus in +o.id takes its TEXT
# affinity away; with it the index on the expression is not used.
_SOUGHT = """\
  json_extract(o.facts, '$.department') AS department,
  json_extract(o.facts, '$.standing') AS standing,
  json_extract(o.facts, '$.kind') AS kind,
  json_extract(o.facts, '$.tier') AS tier,
  json_extract(o.facts, '$.entity') AS entity,
  json_extract(o.facts, '$.entity_name') AS entity_name,
  json_extract(o.facts, '$.list') AS list,
  json_extract(o.facts, '$.programme') AS programme,
  coalesce(json_extract(o.facts, '$.matched'), json_extract(ore.data, '$.matched')) AS matched,
  json_extract(o.facts, '$.rule') AS rule,
  json_extract(o.facts, '$.action') AS action,
  coalesce(
    json_extract(o.facts, '$.policy_rule'),
    json_extract(os.data, '$.policy_rule'),
    json_extract(ore.data, '$.policy_rule')
  ) AS policy_rule,
  coalesce(json_extract(s.facts, '$.outcome'), 'pending') AS outcome,
  CASE json_extract(s.facts, '$.notice')
    WHEN 'queued' THEN coalesce(
      (
        SELECT json_extract(n.facts, '$.result') FROM event n
        WHERE n.kind = 'NOTIFIED'
          AND json_extract(n.facts, '$.notice') = json_extract(s.facts, '$.notice_id')
        ORDER BY n.seq DESC LIMIT 1
      ),
      'queued'
    )
    ELSE coalesce(json_extract(s.facts, '$.notice'), 'none')
  END AS notice,
  json_extract(s.facts, '$.notice_id') AS notice_id,
  coalesce(json_extract(d.facts, '$.disposition'), 'open') AS disposition,
  json_extract(d.facts, '$.licence') AS licence,
  coalesce(
    (
      SELECT h.kind = 'HELD' FROM event h
      WHERE h.kind IN ('HELD', 'RELEASED') AND json_extract(h.facts, '$.observed') = +o.id
      ORDER BY h.seq DESC LIMIT 1
    ),
    0
  ) AS held"""
_EVENTS = """\
FROM event o
LEFT JOIN event s ON s.kind = 'SETTLED' AND json_extract(s.facts, '$.observed') = +o.id
LEFT JOIN event d ON d.seq = (
  SELECT max(x.seq) FROM event x
  WHERE x.kind = 'DISPOSED' AND json_extract(x.facts, '$.observed') = +o.id
)
LEFT JOIN personal os ON os.event = o.id AND os.part = 'sender'
LEFT JOIN personal ore ON ore.event = o.id AND ore.part = 'recipient'"""

# Read whole by a migration and by verification: in the order of the rows, which none of the partial
# indexes has. By its seq a row is found all the same.
SEALED_FACET = f"""\
CREATE VIEW sealed_facet AS
SELECT
  o.seq AS seq,
  o.id AS id,
  o.at AS at,
  lower(json_extract(os.data, '$.address')) AS sender,
  lower(json_extract(ore.data, '$.address')) AS recipient,
{_SOUGHT}
{_EVENTS.replace("event o", "event o NOT INDEXED", 1)}
WHERE o.kind = 'OBSERVED'"""

# What is shown of a finding: one row for each observed recipient, in the columns of `audit list`.
FINDING = f"""\
CREATE VIEW finding AS
SELECT
  o.seq AS seq,
  o.id AS id,
  o.at AS at,
  json_extract(os.data, '$.address') AS sender,
  json_extract(ore.data, '$.address') AS recipient,
{_SOUGHT},
  json_extract(o.facts, '$.listed_on') AS listed_on,
  json_extract(sre.data, '$.reply') AS reply,
  json_extract(os.data, '$.queue_id') AS queue_id,
  json_extract(ss.data, '$.next_queue_id') AS next_queue_id,
  json_extract(os.data, '$.message_id') AS message_id,
  json_extract(os.data, '$.client') AS client,
  json_extract(d.facts, '$.expires_on') AS expires_on,
  json_extract(o.facts, '$.snapshot') AS snapshot,
  json_extract(o.facts, '$.policy') AS policy,
  (os.data IS NULL OR ore.data IS NULL
    OR (s.id IS NOT NULL AND (ss.data IS NULL OR sre.data IS NULL))) AS erased
{_EVENTS}
LEFT JOIN personal ss ON ss.event = s.id AND ss.part = 'sender'
LEFT JOIN personal sre ON sre.event = s.id AND sre.part = 'recipient'
WHERE o.kind = 'OBSERVED'"""

# Partial, each for one kind, as those of the first version. Of facet's columns only those have an
# index that tell few rows from all: for the others a walk through narrow rows is quicker.
INDEXES = {
    "disposed_observed": (
        "CREATE INDEX disposed_observed ON event (json_extract(facts, '$.observed')) "
        "WHERE kind = 'DISPOSED'"
    ),
    "held_observed": (
        "CREATE INDEX held_observed ON event (json_extract(facts, '$.observed')) "
        "WHERE kind IN ('HELD', 'RELEASED')"
    ),
    "accessed_at": "CREATE INDEX accessed_at ON event (at) WHERE kind = 'ACCESSED'",
    "watched_at": (
        "CREATE INDEX watched_at ON event (at) WHERE kind IN ('STARTED', 'STOPPED', 'HEARTBEAT')"
    ),
    "told_at": "CREATE INDEX told_at ON event (at) WHERE kind IN ('JOURNALLED', 'ERASED')",
    # Also for the foreign key: without it each notice that goes asks every window.
    "window_notice": "CREATE INDEX window_notice ON notice_window (notice)",
    "disposed_at": "CREATE INDEX disposed_at ON event (at) WHERE kind = 'DISPOSED'",
    "facet_sender": "CREATE INDEX facet_sender ON facet (sender, entity)",
    "facet_recipient": "CREATE INDEX facet_recipient ON facet (recipient)",
    "facet_entity": "CREATE INDEX facet_entity ON facet (entity)",
    "facet_entity_name": "CREATE INDEX facet_entity_name ON facet (entity_name)",
    "facet_licence": "CREATE INDEX facet_licence ON facet (licence) WHERE licence IS NOT NULL",
    "facet_warned": "CREATE INDEX facet_warned ON facet (sender, entity) WHERE notice = 'sent'",
    "facet_allowed": (
        "CREATE INDEX facet_allowed ON facet (disposition) "
        "WHERE disposition IN ('exempt', 'licensed')"
    ),
    "facet_notice": ("CREATE INDEX facet_notice ON facet (notice_id) WHERE notice_id IS NOT NULL"),
}

FACET_IS_OBSERVED = """\
CREATE TRIGGER facet_is_observed AFTER INSERT ON event WHEN NEW.kind = 'OBSERVED'
BEGIN
  INSERT INTO facet (
    seq, id, at, department, standing, kind, tier, entity, entity_name, list, programme, matched,
    rule, action, policy_rule
  ) VALUES (
    NEW.seq, NEW.id, NEW.at,
    json_extract(NEW.facts, '$.department'),
    json_extract(NEW.facts, '$.standing'),
    json_extract(NEW.facts, '$.kind'),
    json_extract(NEW.facts, '$.tier'),
    json_extract(NEW.facts, '$.entity'),
    json_extract(NEW.facts, '$.entity_name'),
    json_extract(NEW.facts, '$.list'),
    json_extract(NEW.facts, '$.programme'),
    json_extract(NEW.facts, '$.matched'),
    json_extract(NEW.facts, '$.rule'),
    json_extract(NEW.facts, '$.action'),
    json_extract(NEW.facts, '$.policy_rule')
  );
  INSERT INTO name (kind, value)
  SELECT 'entity', json_extract(NEW.facts, '$.entity_name')
  WHERE json_extract(NEW.facts, '$.entity_name') IS NOT NULL
    AND NOT EXISTS (
      SELECT 1 FROM name
      WHERE kind = 'entity' AND value = json_extract(NEW.facts, '$.entity_name'));
END"""

FACET_HAS_A_SENDER = """\
CREATE TRIGGER facet_has_a_sender AFTER INSERT ON personal WHEN NEW.part = 'sender'
  AND EXISTS (SELECT 1 FROM facet WHERE id = NEW.event)
BEGIN
  UPDATE facet SET
    sender = lower(json_extract(NEW.data, '$.address')),
    policy_rule = coalesce(policy_rule, json_extract(NEW.data, '$.policy_rule'))
  WHERE id = NEW.event;
  INSERT INTO name (kind, value)
  SELECT 'sender', sender FROM facet
  WHERE id = NEW.event AND sender <> ''
    AND NOT EXISTS (SELECT 1 FROM name WHERE kind = 'sender' AND value = facet.sender);
END"""

FACET_HAS_A_RECIPIENT = """\
CREATE TRIGGER facet_has_a_recipient AFTER INSERT ON personal WHEN NEW.part = 'recipient'
  AND EXISTS (SELECT 1 FROM facet WHERE id = NEW.event)
BEGIN
  UPDATE facet SET
    recipient = lower(json_extract(NEW.data, '$.address')),
    matched = coalesce(matched, json_extract(NEW.data, '$.matched')),
    policy_rule = coalesce(policy_rule, json_extract(NEW.data, '$.policy_rule'))
  WHERE id = NEW.event;
  INSERT INTO name (kind, value)
  SELECT 'recipient', recipient FROM facet
  WHERE id = NEW.event AND recipient <> ''
    AND NOT EXISTS (SELECT 1 FROM name WHERE kind = 'recipient' AND value = facet.recipient);
END"""

# The whole row is told anew: what stood in a part may be what a column fell back on.
FACET_IS_ERASED = """\
CREATE TRIGGER facet_is_erased AFTER UPDATE ON personal
WHEN EXISTS (SELECT 1 FROM facet WHERE id = NEW.event)
BEGIN
  UPDATE facet SET (sender, recipient, matched, policy_rule) = (
    SELECT s.sender, s.recipient, s.matched, s.policy_rule FROM sealed_facet s
    WHERE s.seq = facet.seq)
  WHERE id = NEW.event;
END"""

FACET_IS_SETTLED = """\
CREATE TRIGGER facet_is_settled AFTER INSERT ON event WHEN NEW.kind = 'SETTLED'
BEGIN
  UPDATE facet SET
    outcome = json_extract(NEW.facts, '$.outcome'),
    notice = json_extract(NEW.facts, '$.notice'),
    notice_id = json_extract(NEW.facts, '$.notice_id')
  WHERE id = json_extract(NEW.facts, '$.observed');
END"""

FACET_IS_NOTIFIED = """\
CREATE TRIGGER facet_is_notified AFTER INSERT ON event WHEN NEW.kind = 'NOTIFIED'
BEGIN
  UPDATE facet SET notice = json_extract(NEW.facts, '$.result')
  WHERE notice_id = json_extract(NEW.facts, '$.notice') AND notice_id IS NOT NULL;
END"""

FACET_IS_DISPOSED = """\
CREATE TRIGGER facet_is_disposed AFTER INSERT ON event WHEN NEW.kind = 'DISPOSED'
BEGIN
  UPDATE facet SET
    disposition = json_extract(NEW.facts, '$.disposition'),
    licence = json_extract(NEW.facts, '$.licence')
  WHERE id = json_extract(NEW.facts, '$.observed');
END"""

FACET_IS_HELD = """\
CREATE TRIGGER facet_is_held AFTER INSERT ON event WHEN NEW.kind IN ('HELD', 'RELEASED')
BEGIN
  UPDATE facet SET held = (NEW.kind = 'HELD') WHERE id = json_extract(NEW.facts, '$.observed');
END"""

NAME_IS_INDEXED = """\
CREATE TRIGGER name_is_indexed AFTER INSERT ON name
BEGIN
  INSERT INTO name_text (rowid, value) VALUES (NEW.id, NEW.value);
END"""

# A decision of the office is about a finding that is there, and bears who took it.
OFFICE_KNOWS_THE_FINDING = """\
CREATE TRIGGER office_knows_the_finding BEFORE INSERT ON event
WHEN NEW.kind IN ('DISPOSED', 'HELD', 'RELEASED')
  AND (
    json_extract(NEW.facts, '$.by') IS NULL
    OR NOT EXISTS (SELECT 1 FROM facet WHERE id = json_extract(NEW.facts, '$.observed')))
BEGIN
  SELECT RAISE(ABORT, 'only a finding of this ledger is decided or held, and by somebody');
END"""

# The last line against an erasure that forgot to look.
HELD_IS_KEPT = """\
CREATE TRIGGER held_is_kept BEFORE UPDATE ON personal
WHEN EXISTS (SELECT 1 FROM facet WHERE id = NEW.event AND held)
  OR EXISTS (
    SELECT 1 FROM facet
    WHERE held AND id = (SELECT json_extract(facts, '$.observed') FROM event WHERE id = NEW.event))
BEGIN
  SELECT RAISE(ABORT, 'what is under hold is kept: release it first');
END"""

OBJECTS = (
    SchemaObject("table", "facet", FACET),
    SchemaObject("table", "name", NAME),
    SchemaObject("table", "name_text", NAME_TEXT),
    SchemaObject("table", "name_word", NAME_WORD),
    SchemaObject("table", "setting", SETTING),
    *(SchemaObject("index", name, sql) for name, sql in INDEXES.items()),
    SchemaObject("view", "sealed_facet", SEALED_FACET),
    SchemaObject("view", "finding", FINDING),
    SchemaObject("trigger", "facet_is_observed", FACET_IS_OBSERVED),
    SchemaObject("trigger", "facet_has_a_sender", FACET_HAS_A_SENDER),
    SchemaObject("trigger", "facet_has_a_recipient", FACET_HAS_A_RECIPIENT),
    SchemaObject("trigger", "facet_is_erased", FACET_IS_ERASED),
    SchemaObject("trigger", "facet_is_settled", FACET_IS_SETTLED),
    SchemaObject("trigger", "facet_is_notified", FACET_IS_NOTIFIED),
    SchemaObject("trigger", "facet_is_disposed", FACET_IS_DISPOSED),
    SchemaObject("trigger", "facet_is_held", FACET_IS_HELD),
    SchemaObject("trigger", "name_is_indexed", NAME_IS_INDEXED),
    SchemaObject("trigger", "office_knows_the_finding", OFFICE_KNOWS_THE_FINDING),
    SchemaObject("trigger", "held_is_kept", HELD_IS_KEPT),
)

_DROPPED = ("observed_at", "observed_message", "observed_entity", "personal_address")
"""Indexes of the first version: ``facet`` stands in for them, and each cost a write."""

REPLACED = frozenset({"finding", *_DROPPED})
"""Objects of the first version that this one has another text for, or none."""

_FILL = (
    "INSERT INTO facet SELECT * FROM sealed_facet",
    (
        "INSERT INTO name (kind, value) SELECT DISTINCT 'entity', entity_name FROM facet "
        "WHERE entity_name IS NOT NULL"
    ),
    "INSERT INTO name (kind, value) SELECT DISTINCT 'sender', sender FROM facet WHERE sender <> ''",
    (
        "INSERT INTO name (kind, value) SELECT DISTINCT 'recipient', recipient FROM facet "
        "WHERE recipient <> ''"
    ),
    "INSERT INTO setting VALUES ('pseudonym_key', randomblob(32))",
)

STATEMENTS = (
    "DROP VIEW finding",
    *(f"DROP INDEX {name}" for name in _DROPPED),
    *(entry.sql for entry in OBJECTS),
    *_FILL,
)
"""From the first version to this one."""

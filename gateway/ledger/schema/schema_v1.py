"""The tables of the first release: texts that are never changed, only followed by migrations."""

from __future__ import annotations

from gateway.ledger.schema.schema_object import SchemaObject

EVENT = """\
CREATE TABLE event (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE CHECK (typeof(id) = 'text'),
  at TEXT NOT NULL CHECK (typeof(at) = 'text'),
  kind TEXT NOT NULL CHECK (typeof(kind) = 'text'),
  facts TEXT NOT NULL CHECK (typeof(facts) = 'text' AND json_valid(facts)),
  commitments TEXT NOT NULL CHECK (typeof(commitments) = 'text' AND json_valid(commitments)),
  previous BLOB NOT NULL CHECK (typeof(previous) = 'blob' AND length(previous) = 32),
  hash BLOB NOT NULL CHECK (typeof(hash) = 'blob' AND length(hash) = 32)
)"""

# Erased: salt and data NULL, the row stays. Its going would look like tampering, and is.
PERSONAL = """\
CREATE TABLE personal (
  event TEXT NOT NULL REFERENCES event (id),
  part TEXT NOT NULL CHECK (part IN ('sender', 'recipient', 'notes')),
  salt BLOB CHECK (salt IS NULL OR (typeof(salt) = 'blob' AND length(salt) = 32)),
  data TEXT CHECK (data IS NULL OR (typeof(data) = 'text' AND json_valid(data))),
  PRIMARY KEY (event, part),
  CHECK ((salt IS NULL) = (data IS NULL))
) WITHOUT ROWID"""

# Observed and not settled. Derived from the events by triggers; spares recovery a search
# through all of them.
AWAITING = """\
CREATE TABLE awaiting (
  event TEXT NOT NULL PRIMARY KEY REFERENCES event (id),
  message TEXT NOT NULL,
  process TEXT NOT NULL
) WITHOUT ROWID"""

OUTBOX = """\
CREATE TABLE outbox (
  id TEXT NOT NULL PRIMARY KEY REFERENCES event (id),
  recipient TEXT NOT NULL,
  request TEXT NOT NULL CHECK (json_valid(request)),
  created_at TEXT NOT NULL,
  next_at TEXT NOT NULL,
  state TEXT NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'sent', 'failed')),
  attempts INTEGER NOT NULL DEFAULT 0,
  not_before TEXT,
  lease_owner TEXT,
  lease_until TEXT,
  sent_at TEXT,
  last_error TEXT,
  CHECK ((lease_owner IS NULL) = (lease_until IS NULL)),
  CHECK ((state = 'sent') = (sent_at IS NOT NULL))
)"""

NOTICE_WINDOW = """\
CREATE TABLE notice_window (
  sender TEXT NOT NULL,
  window TEXT NOT NULL,
  opened_at TEXT NOT NULL,
  notice TEXT NOT NULL REFERENCES outbox (id),
  PRIMARY KEY (sender, window)
) WITHOUT ROWID"""

# INSERT OR REPLACE deletes the old row without firing delete triggers unless recursive_triggers
# is on, which is each connection's own choice: so the guard stands before the insert. It also
# asks for the next number and the head's hash: two writers can never fork the chain.
EVENT_IS_APPENDED = """\
CREATE TRIGGER event_is_appended BEFORE INSERT ON event
WHEN EXISTS (SELECT 1 FROM event WHERE seq = NEW.seq OR id = NEW.id)
  OR NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM event)
  OR NEW.previous IS NOT coalesce(
    (SELECT hash FROM event ORDER BY seq DESC LIMIT 1), zeroblob(32))
BEGIN
  SELECT RAISE(ABORT, 'events are only ever appended, each behind the head of the chain');
END"""

EVENT_IS_NEVER_CHANGED = """\
CREATE TRIGGER event_is_never_changed BEFORE UPDATE ON event
BEGIN
  SELECT RAISE(ABORT, 'an event is never changed');
END"""

EVENT_IS_NEVER_DELETED = """\
CREATE TRIGGER event_is_never_deleted BEFORE DELETE ON event
BEGIN
  SELECT RAISE(ABORT, 'an event is never deleted');
END"""

EVENT_IS_AWAITED = """\
CREATE TRIGGER event_is_awaited AFTER INSERT ON event WHEN NEW.kind = 'OBSERVED'
BEGIN
  INSERT INTO awaiting VALUES (
    NEW.id, json_extract(NEW.facts, '$.message'), json_extract(NEW.facts, '$.process'));
END"""

EVENT_IS_SETTLED_ONCE = """\
CREATE TRIGGER event_is_settled_once BEFORE INSERT ON event
WHEN NEW.kind = 'SETTLED'
  AND NOT EXISTS (
    SELECT 1 FROM awaiting WHERE event = json_extract(NEW.facts, '$.observed'))
BEGIN
  SELECT RAISE(ABORT, 'only an observed event is settled, and only once');
END"""

EVENT_IS_AWAITED_NO_MORE = """\
CREATE TRIGGER event_is_awaited_no_more AFTER INSERT ON event WHEN NEW.kind = 'SETTLED'
BEGIN
  DELETE FROM awaiting WHERE event = json_extract(NEW.facts, '$.observed');
END"""

PERSONAL_IS_SEALED = """\
CREATE TRIGGER personal_is_sealed BEFORE INSERT ON personal
WHEN EXISTS (SELECT 1 FROM personal WHERE event = NEW.event AND part = NEW.part)
  OR (SELECT json_extract(commitments, '$.' || NEW.part) FROM event WHERE id = NEW.event) IS NULL
BEGIN
  SELECT RAISE(ABORT, 'personal data is written once, with the event that seals it');
END"""

PERSONAL_IS_ONLY_ERASED = """\
CREATE TRIGGER personal_is_only_erased BEFORE UPDATE ON personal
WHEN NEW.event IS NOT OLD.event OR NEW.part IS NOT OLD.part
  OR NEW.salt IS NOT NULL OR NEW.data IS NOT NULL
BEGIN
  SELECT RAISE(ABORT, 'personal data is never changed, only erased: salt and data to NULL');
END"""

PERSONAL_IS_NEVER_DELETED = """\
CREATE TRIGGER personal_is_never_deleted BEFORE DELETE ON personal
BEGIN
  SELECT RAISE(ABORT, 'personal data is erased in place: its row stays');
END"""

# Partial, each for one kind: a plain index on kind would draw the planner away from the one that
# joins SETTLED to OBSERVED. lower() folds ASCII only; whoever asks folds the same way.
INDEXES = {
    "observed_at": "CREATE INDEX observed_at ON event (at) WHERE kind = 'OBSERVED'",
    "observed_message": (
        "CREATE INDEX observed_message ON event (json_extract(facts, '$.message')) "
        "WHERE kind = 'OBSERVED'"
    ),
    "observed_entity": (
        "CREATE INDEX observed_entity ON event (json_extract(facts, '$.entity')) "
        "WHERE kind = 'OBSERVED'"
    ),
    "settled_observed": (
        "CREATE INDEX settled_observed ON event (json_extract(facts, '$.observed')) "
        "WHERE kind = 'SETTLED'"
    ),
    "notified_notice": (
        "CREATE INDEX notified_notice ON event (json_extract(facts, '$.notice')) "
        "WHERE kind = 'NOTIFIED'"
    ),
    "personal_address": (
        "CREATE INDEX personal_address ON personal "
        "(part, lower(json_extract(data, '$.address'))) "
        "WHERE json_extract(data, '$.address') IS NOT NULL"
    ),
    "outbox_due": "CREATE INDEX outbox_due ON outbox (created_at) WHERE state = 'queued'",
    "outbox_sent": "CREATE INDEX outbox_sent ON outbox (sent_at) WHERE state = 'sent'",
}

# One row for each observed recipient, in the columns of `audit list`, `seq` before them.
# Whether a notice was sent is told by its NOTIFIED event, not by the outbox: that can change.
# The plus in +o.id takes its TEXT affinity away; with it the index on the expression is not used.
FINDING = """\
CREATE VIEW finding AS
SELECT
  o.seq AS seq,
  o.id AS id,
  o.at AS at,
  json_extract(os.data, '$.address') AS sender,
  json_extract(ore.data, '$.address') AS recipient,
  json_extract(o.facts, '$.standing') AS standing,
  json_extract(o.facts, '$.kind') AS kind,
  json_extract(o.facts, '$.tier') AS tier,
  json_extract(o.facts, '$.entity') AS entity,
  json_extract(o.facts, '$.entity_name') AS entity_name,
  json_extract(o.facts, '$.list') AS list,
  json_extract(o.facts, '$.programme') AS programme,
  json_extract(o.facts, '$.listed_on') AS listed_on,
  coalesce(json_extract(o.facts, '$.matched'), json_extract(ore.data, '$.matched')) AS matched,
  json_extract(o.facts, '$.rule') AS rule,
  json_extract(o.facts, '$.action') AS action,
  coalesce(
    json_extract(o.facts, '$.policy_rule'),
    json_extract(os.data, '$.policy_rule'),
    json_extract(ore.data, '$.policy_rule')
  ) AS policy_rule,
  coalesce(json_extract(s.facts, '$.outcome'), 'pending') AS outcome,
  json_extract(sre.data, '$.reply') AS reply,
  json_extract(os.data, '$.queue_id') AS queue_id,
  json_extract(ss.data, '$.next_queue_id') AS next_queue_id,
  json_extract(os.data, '$.message_id') AS message_id,
  json_extract(os.data, '$.client') AS client,
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
  'open' AS disposition,
  json_extract(o.facts, '$.snapshot') AS snapshot,
  json_extract(o.facts, '$.policy') AS policy,
  (os.data IS NULL OR ore.data IS NULL
    OR (s.id IS NOT NULL AND (ss.data IS NULL OR sre.data IS NULL))) AS erased
FROM event o
LEFT JOIN event s ON s.kind = 'SETTLED' AND json_extract(s.facts, '$.observed') = +o.id
LEFT JOIN personal os ON os.event = o.id AND os.part = 'sender'
LEFT JOIN personal ore ON ore.event = o.id AND ore.part = 'recipient'
LEFT JOIN personal ss ON ss.event = s.id AND ss.part = 'sender'
LEFT JOIN personal sre ON sre.event = s.id AND sre.part = 'recipient'
WHERE o.kind = 'OBSERVED'"""

OBJECTS = (
    SchemaObject("table", "event", EVENT),
    SchemaObject("table", "personal", PERSONAL),
    SchemaObject("table", "awaiting", AWAITING),
    SchemaObject("table", "outbox", OUTBOX),
    SchemaObject("table", "notice_window", NOTICE_WINDOW),
    *(SchemaObject("index", name, sql) for name, sql in INDEXES.items()),
    SchemaObject("trigger", "event_is_appended", EVENT_IS_APPENDED),
    SchemaObject("trigger", "event_is_never_changed", EVENT_IS_NEVER_CHANGED),
    SchemaObject("trigger", "event_is_never_deleted", EVENT_IS_NEVER_DELETED),
    SchemaObject("trigger", "event_is_settled_once", EVENT_IS_SETTLED_ONCE),
    SchemaObject("trigger", "event_is_awaited", EVENT_IS_AWAITED),
    SchemaObject("trigger", "event_is_awaited_no_more", EVENT_IS_AWAITED_NO_MORE),
    SchemaObject("trigger", "personal_is_sealed", PERSONAL_IS_SEALED),
    SchemaObject("trigger", "personal_is_only_erased", PERSONAL_IS_ONLY_ERASED),
    SchemaObject("trigger", "personal_is_never_deleted", PERSONAL_IS_NEVER_DELETED),
    SchemaObject("view", "finding", FINDING),
)

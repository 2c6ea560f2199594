from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from typing import TYPE_CHECKING

import pytest

from gateway import packaged
from gateway.config import Config, load
from gateway.model import (
    Action,
    Address,
    Decision,
    Entity,
    Finding,
    Kind,
    Listing,
    MatchedInstitution,
    Notice,
    NoticeRequest,
    Standing,
    Tier,
)
from gateway.notices import notice_texts, render

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 11, 22, 9, 14, 5, tzinfo=UTC)


@pytest.fixture
def now():
    return NOW


@pytest.fixture
def today():
    return date(2026, 11, 22)


@pytest.fixture(scope="session")
def config() -> Config:
    plain = load(packaged.default_configuration(), {})
    compliance = replace(
        plain.compliance,
        officer="Dr Jane Doe",
        phone="+1 555 0100",
        disclosure_url="https://example.edu/disclose",
        notice_url="https://example.edu/outgoing-mail-notice",
    )
    return replace(plain, compliance=compliance)


@pytest.fixture(scope="session")
def packaged_texts():
    return notice_texts.load(packaged.policies_directory())


@pytest.fixture
def policies(tmp_path: Path) -> Path:
    """A policies directory of one's own, empty: what it lacks is packaged."""
    (tmp_path / "notices" / "en").mkdir(parents=True)
    return tmp_path


@pytest.fixture
def matter():
    def make(**changes) -> MatchedInstitution:
        mipt = MatchedInstitution(
            event="01KANGHZ4TZ6X0V5W3Q9G4T2AB",
            recipient="a.petrov@stud.mipt.ru",
            entity="us-ofac-38316",
            entity_name="Moscow Institute of Physics and Technology",
            list="US-OFAC-SDN",
            programme="RUSSIA-EO14024",
            listed_on="2022-08-02",
            tier=Tier.BLOCKING,
            action=Action.WARN,
        )
        return replace(mipt, **changes)

    return make


@pytest.fixture
def notice(matter):
    def make(*matters: MatchedInstitution, **changes) -> Notice:
        told = matters or (matter(),)
        request = NoticeRequest(
            message="01KANGHZ4TZ6X0V5W3Q9G4T2AA",
            to="prof@example.edu",
            matters=told,
            windows=("us-ofac-38316 tier listed blocking",),
            refused=any(one.action is Action.REFUSE for one in told),
            language="en",
            in_reply_to="<mine@example.edu>",
            references=("<first@mipt.ru>", "<second@example.edu>"),
        )
        of_request = {k: v for k, v in changes.items() if k in NoticeRequest.__slots__}
        of_notice = {k: v for k, v in changes.items() if k not in of_request}
        return replace(
            Notice(
                id=told[0].event,
                request=replace(request, **of_request),
                created_at=NOW,
                next_at=NOW + timedelta(days=7),
            ),
            **of_notice,
        )

    return make


@pytest.fixture
def listing():
    def make(**changes) -> Listing:
        sdn = Listing(
            list="US-OFAC-SDN",
            programme="RUSSIA-EO14024",
            uid="38316",
            listed_on=date(2022, 8, 2),
            effective_from=date(2022, 8, 2),
        )
        return replace(sdn, **changes)

    return make


@pytest.fixture
def finding(listing):
    def make(local="a.petrov", domain="mipt.ru", *, listings=None, **changes) -> Finding:
        listings = (listing(),) if listings is None else listings
        entity = Entity(
            id="us-ofac-38316",
            name="Moscow Institute of Physics and Technology",
            listings=listings,
        )
        found = Finding(
            recipient=Address(f"{local}@{domain}".encode(), local, domain),
            standing=Standing.LISTED,
            kind=Kind.INDIVIDUAL,
            snapshot="sha256:0",
            entity=entity,
            listing=listings[0] if listings else None,
            tier=Tier.BLOCKING,
        )
        return replace(found, **changes)

    return make


@pytest.fixture
def decision():
    def make(*findings: Finding, action: Action = Action.WARN) -> Decision:
        return Decision(action, "listed institutions: warn", findings, "sha256:1")

    return make


@pytest.fixture
def letter(notice, config, packaged_texts):
    """Render, serialise, and read back as a mail program does."""

    def make(*matters, **changes):
        rendered = render.rendered_notice(notice(*matters, **changes), config, packaged_texts)
        return message_from_bytes(rendered.content, policy=default)

    return make


@pytest.fixture
def three(matter):
    return (
        matter(),
        matter(
            event="01KANGHZ4TZ6X0V5W3Q9G4T2AC",
            recipient="wang@hit.edu.cn",
            entity="us-bis-hit",
            entity_name="Harbin Institute of Technology",
            list="US-BIS-EL",
            programme=None,
            listed_on="2020-06-05",
            tier=Tier.EXPORT_CONTROL,
        ),
        matter(
            event="01KANGHZ4TZ6X0V5W3Q9G4T2AD",
            recipient="office@aidf.example",
            entity="own-1",
            entity_name="An Institute of Data",
            list="INSTITUTE-X",
            programme=None,
            listed_on=None,
            tier=Tier.ADVISORY,
        ),
    )

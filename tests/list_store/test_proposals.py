import json
from datetime import date

import pytest

from gateway.errors import ListError
from gateway.list_store import proposals
from gateway.list_store.files import accepted_domains
from gateway.list_store.files.linked_domains import SeenLink
from gateway.list_store.files.linked_domains import add as add_link
from gateway.list_store.imports import ror_store
from gateway.list_store.proposals import ProposalAnswer, ProposalError, Proposals
from gateway.list_store.snapshots import build_snapshot, snapshot_history
from gateway.screening.dns_linkage import Link

ENTITIES = """
[[entity]]
id = "us-1"
name = "Bauman Moscow State Technical University"
country = "RU"
  [[entity.listing]]
  list = "L"
  uid = "1"
  source = "s"
[[entity]]
id = "us-2"
name = "Kalinin Institute of Zvezda Studies"
country = "RU"
  [[entity.listing]]
  list = "L"
  uid = "2"
  source = "s"
"""


def record(number, name, domain):
    return {
        "id": f"https://ror.org/0{number:06}00",
        "status": "active",
        "names": [{"value": name, "types": ["ror_display"]}],
        "locations": [{"geonames_details": {"country_code": "RU"}}],
        "domains": [domain] if domain else [],
        "links": [{"type": "website", "value": f"https://www.site{number}.ru/en/"}],
    }


@pytest.fixture
def registry(tmp_path, folder, at):
    """Import these organisations: names with their domains."""

    def take(**domains):
        path = tmp_path / "ror.json"
        records = (
            record(number, name.replace("_", " "), domain)
            for number, (name, domain) in enumerate(domains.items())
        )
        path.write_text(json.dumps(list(records)))
        ror_store.import_registry(folder, path, at(), accepts_loss=True)

    return take


@pytest.fixture
def proposed(policies, folder, registry, at):
    """Give what is proposed, by domain, once the registry is in."""
    (policies / "entities" / "b.toml").write_text(ENTITIES)
    registry(
        Bauman_Moscow_State_Technical_University="bmstu.ru",
        Kalinin_Institute_of_Zvezda_Studies=None,
    )

    def look():
        proposals = Proposals(
            folder, build_snapshot.current_or_built(policies, folder, at()), at().date()
        )
        return {each.domain: each for each in proposals.of(proposals.candidates(), at())}

    return look


@pytest.fixture
def answer(at):
    return ProposalAnswer("A. Reviewer", at(2), "asked them")


def test_s13_institutions_without_a_domain_are_proposed_for_and_no_others(
    policies, folder, proposed, at
):
    assert set(proposed()) == {"bmstu.ru", "site1.ru"}
    proposals = Proposals(
        folder, build_snapshot.current_or_built(policies, folder, at()), at().date()
    )
    assert [each.id for each in proposals.candidates()] == ["us-1", "us-2"]
    assert [each.id for each in proposals.candidates("written")] == ["written"]
    with pytest.raises(ProposalError, match="no institution has the id us-9"):
        proposals.candidates("us-9")


def test_s13_an_institution_that_the_dns_ties_a_domain_to_is_among_them(
    policies, folder, proposed, at
):
    link = Link("written-too.ru", "MX", "mx.written.ru", "written.ru")
    assert add_link(folder, link, date(2026, 11, 20))
    found = proposed()["written-too.ru"]
    assert found.source == SeenLink(link, date(2026, 11, 20)).claim.source


def test_s13_nothing_is_used_until_a_person_accepts_it_and_then_at_once(
    policies, folder, proposed, answer, at
):
    found = proposed()["bmstu.ru"]
    assert not build_snapshot.put_in_force(policies, folder, at(1)).may_match("bmstu.ru")
    done = proposals.accept(policies, folder, found.id, answer)
    assert (done.entity.id, done.domain) == ("us-1", "bmstu.ru")
    activation = snapshot_history.current(folder)
    assert (activation.digest, activation.at) == (done.snapshot.digest, at(2))
    assert activation.inputs == build_snapshot.inputs_digest(policies, folder)
    (claim,) = snapshot_history.load(folder, activation.digest).entities["us-1"].domains
    assert (claim.value, claim.reviewer, claim.reviewed_on) == (
        "bmstu.ru",
        "A. Reviewer",
        date(2026, 11, 22),
    )
    assert claim.source.startswith("ROR 000000000, whose name is “Bauman")
    assert claim.source.endswith("; note: asked them")
    assert set(proposed()) == {"site1.ru"}


def test_s13_an_accepted_one_cannot_be_accepted_or_rejected_again(
    policies, folder, proposed, answer, files
):
    id_ = proposed()["bmstu.ru"].id
    proposals.accept(policies, folder, id_, answer)
    before = files()
    for do in (proposals.accept, proposals.reject):
        with pytest.raises(ProposalError, match=r"accepted by A\. Reviewer on 2026-11-22 already"):
            do(policies, folder, id_, answer)
    assert files() == before


def test_s13_what_a_list_gives_needs_no_yes(policies, folder, proposed, answer, take):
    take("Alfa")
    from gateway.screening.names.domain_proposals import proposal_id  # noqa: PLC0415

    id_ = proposal_id("own-alfa", "alfa.example.ru")
    with pytest.raises(ProposalError, match="needs nobody's yes: OWN"):
        proposals.accept(policies, folder, id_, answer)


def test_s13_a_rejected_one_is_remembered_and_can_be_accepted_later(
    policies, folder, proposed, answer, at
):
    id_ = proposed()["bmstu.ru"].id
    proposals.reject(policies, folder, id_, answer)
    known = Proposals(folder, build_snapshot.current_or_built(policies, folder, at()), at().date())
    no = known.rejected[id_]
    assert (no.by, no.on, no.note) == ("A. Reviewer", date(2026, 11, 22), "asked them")
    with pytest.raises(ProposalError, match=r"rejected by A\. Reviewer on 2026-11-22 already"):
        proposals.reject(policies, folder, id_, answer)
    assert proposals.accept(policies, folder, id_, answer).domain == "bmstu.ru"


def test_s13_a_domain_that_another_institution_has_since_is_not_accepted(
    policies, folder, proposed, answer, files
):
    id_ = proposed()["bmstu.ru"].id
    proposals.reject(policies, folder, id_, answer)
    path = policies / "entities" / "a.toml"
    path.write_text(path.read_text().replace("written.ru", "bmstu.ru"))
    before = files()
    with pytest.raises(ProposalError, match=r"bmstu\.ru is claimed by written already"):
        proposals.accept(policies, folder, id_, answer)
    assert files() == before


@pytest.mark.parametrize("id_", ["", "0000000000", "nonsense"])
def test_s13_an_unknown_id_says_what_to_do(policies, folder, proposed, answer, id_):
    with pytest.raises(ProposalError, match="`monition lists propose` shows all"):
        proposals.accept(policies, folder, id_, answer)


@pytest.mark.parametrize(
    ("by", "note", "told"),
    [
        ("", "", "the name is empty"),
        (" ", "", "the name is empty"),
        ("a\nb", "", "the name holds a sign that cannot be printed"),
        ("a", "b\x7f", "the note holds a sign that cannot be printed"),
    ],
)
def test_s13_somebody_must_decide_under_a_name(at, by, note, told):
    with pytest.raises(ProposalError, match=told):
        ProposalAnswer(by, at(), note)


def test_s13_where_the_new_snapshot_cannot_be_kept_nothing_has_changed(
    policies, folder, proposed, answer, monkeypatch
):
    id_ = proposed()["bmstu.ru"].id
    folder.make()
    mine = "# by hand\n"
    accepted_domains.path_of(folder).write_text(mine)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(snapshot_history, "save", full)
    with pytest.raises(OSError, match="No space"):
        proposals.accept(policies, folder, id_, answer)
    assert accepted_domains.read_text(folder) == mine
    assert snapshot_history.current(folder) is None


def test_s13_a_faulty_file_beside_it_is_told_and_nothing_is_added(
    policies, folder, proposed, answer
):
    id_ = proposed()["bmstu.ru"].id
    folder.make()
    accepted_domains.path_of(folder).write_text("[[addition]\n")
    with pytest.raises(ListError, match=r"entities\.toml"):
        proposals.accept(policies, folder, id_, answer)
    assert accepted_domains.read_text(folder) == "[[addition]\n"

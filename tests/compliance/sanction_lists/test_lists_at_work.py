"""The lists as a page would work with them: without a terminal."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from gateway.compliance.sanction_lists import (
    list_change,
    list_imports,
    review_proposals,
    search_lists,
    status_report,
    update_lists,
)
from gateway.compliance.sanction_lists.current_lists import current_lists
from gateway.compliance.sanction_lists.institution_card import (
    UnknownInstitutionError,
    as_object,
    institution_card,
)
from gateway.compliance.sanction_lists.list_imports import NotOneFileError
from gateway.compliance.sanction_lists.review_proposals import ProposalAnswer, ProposalReview
from gateway.compliance.sanction_lists.unused_websites import unused_websites
from gateway.compliance.sanction_lists.update_lists import (
    NotUpdatedError,
    PoliciesInForce,
    PoliciesRefused,
    UnknownSourceError,
)
from gateway.errors import MonitionError


@pytest.fixture
def bring(config, parcel, at):
    """Import the institution's own list with these names, so many days after the first."""

    def run(*names, days=0, **more):
        return list_imports.import_list(config, "own", parcel(*names).paths, at(days), **more)

    return run


def test_s08_an_import_is_counts_digests_and_what_was_not_used(bring):
    done = bring("Alpha", "Beta")
    assert (done.source, done.entries, done.is_changed) == ("own", 2, True)
    assert done.snapshot.startswith("sha256:")
    assert done.own_domains == ()
    told = list_imports.as_object(done)
    assert (told["taken"], told["snapshot"]) == (2, done.snapshot)
    json.dumps(told)
    assert not bring("Alpha", "Beta", days=1).is_changed


def test_what_a_list_gives_and_nobody_is_found_by_is_told_with_its_place(config, bring, at):
    bring("Alpha")
    snapshot = current_lists(config, at()).snapshot
    assert unused_websites(config, snapshot, "own") == []
    with pytest.raises(MonitionError, match="nosuch was not imported; imported are: own"):
        unused_websites(config, snapshot, "nosuch")


def test_the_registry_is_one_file(config, tmp_path, at):
    files = [tmp_path / "a", tmp_path / "b"]
    with pytest.raises(NotOneFileError, match="ror is one file, and 2 are given"):
        list_imports.import_registry(config, files, at())


def test_a_list_that_is_forgotten_is_out_of_force(config, bring, at):
    before = bring("Alpha", "Beta")
    done = list_imports.forget_list(config, "own", at(1))
    assert (done.entries, done.faults, done.is_fetched) == (2, (), False)
    assert done.snapshot != before.snapshot
    assert done.institutions == before.institutions - 2


def test_s10_two_snapshots_are_compared(config, bring):
    bring("Alpha")
    assert list_change.compare(config, None, None) is None
    bring("Alpha", "Beta", days=1)
    found = list_change.compare(config, None, None)
    assert {change.entity_name for change in found.changes} == {"Beta"}
    lines = list(list_change.change_summary(found))
    assert lines[0].endswith("1 institution changed:")
    again = list_change.compare(config, found.pair.after.digest[7:19], None)
    assert "The two snapshots are one" in next(list_change.change_summary(again))


def test_s08_the_status_is_rows_and_sentences(config, bring, at):
    bring("Alpha")
    found = status_report.current_status(config)
    rows = {each.name: status_report.as_row(each, at(1)) for each in found.sources}
    assert (rows["own"]["institutions"], rows["own"]["age_seconds"]) == (1, 86_400)
    assert status_report.as_object(found)["snapshot"] == found.activation.digest
    assert status_report.in_force(found)[0] == f"in force: {found.activation.digest}"
    assert list(status_report.damage(found)) == []


def test_an_institution_is_found_by_its_name_and_its_domain(config, bring, at):
    bring("Alpha")
    snapshot = current_lists(config, at()).snapshot
    by_name = search_lists.search(config, snapshot, "Alpha", 5).candidates
    assert by_name[0].is_match
    (by_domain,) = search_lists.search(config, snapshot, "alpha.example.ru", 5).candidates
    assert search_lists.as_row(by_domain)["entity"] == by_name[0].entity.id
    card = institution_card(config, snapshot, "alpha.example.ru")
    assert card.entity == by_domain.entity
    assert [name for name, _ in card.entries] == ["own"]
    assert as_object(card)["snapshot"] == snapshot.digest
    with pytest.raises(
        UnknownInstitutionError, match="no institution has this id, number, name or domain"
    ):
        institution_card(config, snapshot, "Nobody")


def test_s13_proposals_are_looked_at_and_one_that_is_not_there_cannot_be_decided(config, bring, at):
    bring("Alpha")
    review = ProposalReview(config, current_lists(config, at()).snapshot, at())
    assert not review.has_registry
    told = []
    candidates = review.candidates()
    found = review.proposals(candidates, lambda: told.append(1))
    assert len(told) == len(candidates)
    assert review.shown(found, 101).proposals == ()
    assert review.mx_questions(found, 3).servers == ()
    answer = ProposalAnswer("A. Reviewer", at())
    for decide in (review_proposals.accept, review_proposals.reject):
        with pytest.raises(MonitionError, match="there is no proposal nosuch"):
            decide(config, "nosuch", answer)


def test_an_update_tells_each_step(config, policies):
    wanted = update_lists.wanted_sources(config, ["policies"])
    assert wanted == {"policies": None}
    steps = []
    update_lists.update(config, wanted, steps.append)
    (step,) = steps
    assert isinstance(step, PoliciesInForce)
    (policies / "policy.toml").write_text("x = [")
    (policies / "entities" / "broken.toml").write_text("x = [")
    with pytest.raises(NotUpdatedError, match="not updated: policies"):
        update_lists.update(config, wanted, steps.append)
    assert isinstance(steps[1], PoliciesRefused)
    assert len(steps) == 2


def test_a_source_that_is_in_no_catalogue_is_told_before_anything_is_fetched(config):
    with pytest.raises(UnknownSourceError, match="did you mean us-csl"):
        update_lists.wanted_sources(config, ["us-cls"])


def test_s08_an_update_that_nobody_waits_for_any_more_lets_the_next_one_in(config):
    named = replace(config.lists, sources=("policies",))
    config = replace(config, lists=named)
    wanted = update_lists.wanted_sources(config, [])
    told = []

    def tell_and_leave(step):
        told.append(step)
        with pytest.raises(NotUpdatedError, match="another update is under way"):
            update_lists.update(config, wanted)
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError) as left:
        update_lists.update(config, wanted, tell_and_leave)
    assert len(told) == 1
    update_lists.update(config, wanted, told.append)
    assert len(told) == 2
    assert left.value.__traceback__ is not None  # which still holds the frames of the one that left

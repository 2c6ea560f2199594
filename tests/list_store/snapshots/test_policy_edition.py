import dataclasses
import shutil
from datetime import UTC, date, datetime

import pytest

from gateway import packaged
from gateway.config import Desk
from gateway.errors import ListError
from gateway.list_store.snapshots import policy_edition
from gateway.model import Action, MatchedInstitution, Notice, NoticeRequest, Tier
from gateway.notices import notice_texts, render
from gateway.policy import rules

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
def made(config):
    directory = config.policies.directory
    return policy_edition.edition_of(config, rules.load(directory), notice_texts.load(directory))


def test_an_edition_comes_back_as_it_was(made):
    again = policy_edition.parse(made.content)
    assert again == made
    assert again.content == made.content
    assert again.texts == made.texts


def test_it_has_every_text_of_the_folder_and_the_packaged_letters(made, config):
    directory = config.policies.directory
    written = {
        path.relative_to(directory).as_posix(): path.read_bytes().decode()
        for path in directory.rglob("*.toml")
    }
    assert {name: text for name, text in made.files.items() if name.endswith(".toml")} == written
    letters = packaged.policies_directory() / "notices"
    assert made.files["notices/en/notice.txt.j2"] == (letters / "en/notice.txt.j2").read_text()


def test_a05_the_rules_come_back_after_the_folder_has_changed(made, config):
    before = rules.load(config.policies.directory)
    shutil.rmtree(config.policies.directory)
    again = made.rules()
    assert made.is_what_it_says()
    assert (again.digest, again.rules) == (before.digest, before.rules)
    assert (again.tiers, again.exceptions) == (before.tiers, before.exceptions)


def test_a05_rules_of_which_another_version_takes_another_digest_bear_the_old_one(made):
    old = dataclasses.replace(made, policy="sha256:" + "0" * 64)
    assert not old.is_what_it_says()
    assert old.rules().digest == old.policy


def notice():
    matter = MatchedInstitution(
        "01M81JMHHX6E5809ZGZRCSNM53",
        "a@written.ru",
        "written",
        "Written Institute",
        "L",
        None,
        None,
        Tier.BLOCKING,
        Action.WARN,
    )
    request = NoticeRequest(
        message="m",
        to="prof@example.edu",
        matters=(matter,),
        windows=("w",),
        refused=False,
        language="en",
        in_reply_to=None,
        references=(),
    )
    return Notice(matter.event, request, NOW, NOW)


def test_a05_a_letter_comes_out_byte_for_byte_as_it_was(made, config):
    own = config.policies.directory / "notices" / "en"
    before = render.rendered_notice(notice(), config, notice_texts.load(config.policies.directory))
    # The office has moved and writes other letters since, in further languages too.
    shutil.copytree(packaged.policies_directory() / "notices" / "en", own)
    letter = own / "notice.txt.j2"
    letter.write_text(letter.read_text() + "\nAnother end.\n")
    since = dataclasses.replace(
        config,
        institution=dataclasses.replace(config.institution, name="Another University"),
        compliance=dataclasses.replace(config.compliance, email="new@example.edu"),
        notices=dataclasses.replace(config.notices, reply_to="new@example.edu", languages=("de",)),
        desk=Desk("desk@example.edu"),
    )
    assert (
        render.rendered_notice(notice(), since, notice_texts.load(config.policies.directory))
        != before
    )
    assert render.rendered_notice(notice(), made.configured(since), made.notices()) == before


def test_languages_that_came_later_are_not_among_its_letters(made, config):
    fewer = dataclasses.replace(
        made, files={name: text for name, text in made.files.items() if "/en/" not in name}
    )
    assert made.notices().languages == {"en"}
    assert fewer.notices().languages == frozenset()
    assert fewer.notices().forbidden_words == {}


@pytest.mark.parametrize(
    "change",
    [
        lambda c: dataclasses.replace(c, desk=Desk("desk@example.edu")),
        lambda c: dataclasses.replace(c, compliance=dataclasses.replace(c.compliance, phone="1")),
        lambda c: dataclasses.replace(c, notices=dataclasses.replace(c.notices, every_days=1)),
        lambda c: dataclasses.replace(c, institution=dataclasses.replace(c.institution, name="X")),
    ],
)
def test_the_letters_digest_covers_what_they_name(change, config, made):
    letters = notice_texts.load(config.policies.directory)
    assert policy_edition.texts_digest(config, letters) == made.texts
    assert policy_edition.texts_digest(change(config), letters) != made.texts


def test_the_letters_digest_covers_their_texts_and_not_the_rules(config, made):
    folder = config.policies.directory
    (folder / "policy.toml").write_text((folder / "policy.toml").read_text() + "\n# a remark\n")
    assert policy_edition.texts_digest(config, notice_texts.load(folder)) == made.texts
    own = folder / "notices" / "en"
    own.mkdir(parents=True)
    (own / "never.txt").write_text("sorry\n")
    assert policy_edition.texts_digest(config, notice_texts.load(folder)) != made.texts


def test_a_folder_that_is_none_of_policies_is_refused(config, made, monkeypatch):
    monkeypatch.setattr(policy_edition, "LARGEST", 100)
    directory = config.policies.directory
    with pytest.raises(ListError, match="is it the right folder"):
        policy_edition.edition_of(config, rules.load(directory), notice_texts.load(directory))


def test_a_file_that_is_not_utf_8_is_named(config):
    directory = config.policies.directory
    loaded = rules.load(directory), notice_texts.load(directory)
    (directory / "overrides.toml").write_bytes(b"\xff")
    with pytest.raises(ListError, match=r"overrides\.toml: is not UTF-8"):
        policy_edition.edition_of(config, *loaded)


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b'{"format": 2}', b"null", b"\xff"])
def test_what_another_version_wrote_is_no_edition(content):
    with pytest.raises((ValueError, KeyError, TypeError)):
        policy_edition.parse(content)


def test_days_in_exceptions_come_back(config):
    directory = config.policies.directory
    (directory / "exceptions.toml").write_text(
        '[[exception]]\nname = "e"\nowner = "o"\nreason = "r"\nentity = ["written"]\n'
        "until = 2027-01-31\n"
    )
    made = policy_edition.edition_of(config, rules.load(directory), notice_texts.load(directory))
    (again,) = policy_edition.parse(made.content).rules().exceptions
    assert again.conditions.until == date(2027, 1, 31)

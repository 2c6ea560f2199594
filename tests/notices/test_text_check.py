from __future__ import annotations

import tomllib
from dataclasses import replace

import pytest

from gateway import packaged
from gateway.model import Tier
from gateway.notices.text_check import check, examples


@pytest.fixture
def told(policies, config):
    """Faults as people read them, file names from the notices folder on."""

    def run(**changes):
        changed = replace(config, notices=replace(config.notices, **changes))
        return [str(f).replace(f"{policies}/", "") for f in check(policies, changed)]

    return run


@pytest.fixture
def write(policies):
    """Put a changed copy of a packaged text into the directory."""

    def change(name, old, new):
        text = (packaged.policies_directory() / "notices" / name).read_text("utf-8")
        assert old in text
        (policies / "notices" / name).write_text(text.replace(old, new, 1), "utf-8")

    return change


def test_n09_the_packaged_texts_are_in_order(config):
    assert check(packaged.policies_directory(), config) == []


def test_n09_every_tier_is_tried_every_way(config):
    tried = list(examples("en", config))
    for tier in Tier:
        of_tier = [f for f in tried if f.tiers == (tier,)]
        assert {(f.delivered, f.refused) for f in of_tier} == {(True, False), (False, True)}
        assert {f.phone is None for f in of_tier} == {True, False}
    assert any(f.delivered and f.refused for f in tried)
    assert any(len(f.matched) == 4 for f in tried)


@pytest.mark.parametrize("tier", [*Tier])
def test_n09_a_missing_variable_in_any_tier_is_found_with_file_and_line(tier, write, told):
    write(f"en/{tier}.j2", "{{ office }}", "\n{{ offise }}")
    (fault,) = told()
    file, line, what = fault.split(":", 2)
    assert file == f"notices/en/{tier}.j2"
    assert int(line) >= 6
    assert "offise" in what


def test_n09_a_missing_variable_is_found_on_a_branch_that_no_example_takes(write, told):
    write("en/notice.txt.j2", "{% if phone %}", "{% if 1 > 2 %}{{ fax }}{% endif %}{% if phone %}")
    line = line_of("en/notice.txt.j2", "{% if phone %}")
    assert told() == [f"notices/en/notice.txt.j2:{line}: 'fax' is no name that a notice knows"]


def test_n09_a_missing_attribute_is_found_with_file_and_line(write, told):
    write("en/notice.txt.j2", "{{ one.name }}", "{{ one.nane }}")
    line = line_of("en/notice.txt.j2", "{{ one.name }}")
    (fault,) = told()
    assert fault.startswith(f"notices/en/notice.txt.j2:{line}: cannot be filled in: ")
    assert "nane" in fault


def test_n09_a_missing_macro_is_found(policies, told):
    (policies / "notices/en/advisory.j2").write_text("{% macro meaning(which) %}x{% endmacro %}")
    (fault,) = told()
    assert "does not export" in fault or "request" in fault


def test_n09_a_faulty_page_is_found_with_file_and_line(write, told):
    write("page.html.j2", "{{ prose.subject }}", "{{ prose.subjekt }}")
    (fault,) = told()
    assert fault.startswith("notices/page.html.j2:8: cannot be filled in: ")


def test_p05_a_template_that_fails_is_found_with_file_and_line(write, told):
    write("en/lists.j2", "{% set names", "\n{{ 1 / 0 }}{% set names")
    assert told() == ["notices/en/lists.j2:3: cannot be filled in: division by zero"]


def test_p05_syntax_is_found_with_file_and_line(write, told):
    write("en/notice.txt.j2", "{% set several", "{% sett several")
    (fault,) = told()
    line = line_of("en/notice.txt.j2", "{% set several")
    assert fault.startswith(f"notices/en/notice.txt.j2:{line}: is not a template: ")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("{{ reference }}", "", "the text leaves out the reference"),
        ("- {{ one.name }}", "-", "the text leaves out the name of an institution (blocking)"),
        ("  {{ recipient }}", "", "the text leaves out a recipient (blocking)"),
        ("# Your message was del", "Your message was del", "after the subject comes one heading"),
        ("Subject: Your message was d", "Your message was d", "the first line is not 'Subject: …'"),
        ("please read before", "please read " * 20, "the subject is longer than 120 letters"),
    ],
)
def test_n07_a_text_that_leaves_out_what_must_be_said_is_found(old, new, message, write, told):
    write("en/notice.txt.j2", old, new)
    assert any(f.startswith("notices/en/notice.txt.j2: " + message) for f in told())


def test_n07_a_text_that_leaves_out_the_list_is_found(policies, write, told):
    write("en/notice.txt.j2", "lists.names.get(one.list, one.list)", "1")
    written = policies / "notices/en/notice.txt.j2"
    written.write_text(written.read_text().replace("({{ one.list }}", "({{ 1 }}"))
    assert (
        "notices/en/notice.txt.j2: the text leaves out the list of an institution (blocking)"
        in (told())
    )


def test_n07_a_text_without_the_office_is_found(policies, write, told, config):
    write("en/notice.txt.j2", "- {{ email }}", "- x")
    text = (policies / "notices/en/notice.txt.j2").read_text()
    (policies / "notices/en/notice.txt.j2").write_text(text.replace("{{ email }}", "us"))
    assert told() == ["notices/en/notice.txt.j2: the text leaves out the office's address"]


def test_n08_a_word_that_is_never_said_is_found(write, told):
    write("en/advisory.j2", "asks for care", "asks whether it is ILLEGAL")
    (fault,) = told()
    assert fault.startswith("notices/en/advisory.j2:3: the text says 'illegal', which ")


def test_n08_an_office_may_be_called_as_it_is(config, policies):
    office = replace(config.compliance, office="Office for Exempt and Criminal Matters")
    assert check(policies, replace(config, compliance=office)) == []


def test_n09_a_language_without_texts_is_found(told):
    (fault,) = told(languages=("en", "de"))
    assert fault == (
        "notices/de/notice.txt.j2: notices.languages: there are no texts in 'de'; "
        "write them, or leave the language out"
    )


def test_n09_a_second_language_is_looked_through_too(policies, told):
    (policies / "notices/de").mkdir()
    (policies / "notices/de/notice.txt.j2").write_text("Subject: x\n\n# y\n{{ wer }}\n")
    assert told(languages=("en",)) == []
    assert told(languages=("en", "de"))[0] == (
        "notices/de/notice.txt.j2:4: 'wer' is no name that a notice knows"
    )


def test_n09_a_text_that_a_language_lacks_is_named(policies, told):
    (policies / "notices/de").mkdir()
    letter = policies / "notices/de/notice.txt.j2"
    letter.write_text("{% import 'de/lists.j2' as lists %}\nSubject: x\n\n# y\n")
    assert told(languages=("de",)) == ["notices/de/lists.j2: is missing"]


def test_n08_a_word_that_only_the_filled_in_text_says_is_found(write, told):
    write("en/notice.txt.j2", "You receive this", "You {{ 'crim' ~ 'inal' }} receive this")
    (fault,) = told()
    assert fault.startswith("notices/en/notice.txt.j2: the text says 'criminal', which ")


def line_of(name, text) -> int:
    source = (packaged.policies_directory() / "notices" / name).read_text("utf-8")
    return source[: source.index(text)].count("\n") + 1


def test_n07_every_list_that_the_policy_knows_has_a_name(packaged_texts):
    policy = tomllib.loads((packaged.policies_directory() / "policy.toml").read_text("utf-8"))
    named = packaged_texts.environment.get_template("en/lists.j2").module.names
    lists = {row["list"] for row in policy["tier"]}
    assert lists
    assert lists <= set(named)

from __future__ import annotations

import pytest
from jinja2.exceptions import SecurityError

from gateway import packaged
from gateway.errors import ConfigError
from gateway.notices.notice_texts import load


def faults(policies):
    with pytest.raises(ConfigError) as caught:
        load(policies)
    return [str(fault) for fault in caught.value.faults]


def test_what_a_directory_lacks_is_packaged(policies):
    own = policies / "notices/en/advisory.j2"
    own.write_text("{# ours #}")
    texts = load(policies)
    assert texts.files["en/advisory.j2"] == own
    assert texts.files["en/blocking.j2"].is_relative_to(packaged.policies_directory())
    assert texts.languages == {"en"}


def test_a_directory_without_notices_is_all_packaged(tmp_path, packaged_texts):
    assert load(tmp_path).files == packaged_texts.files


def test_a_language_is_a_folder_with_a_letter(policies):
    (policies / "notices/de").mkdir()
    (policies / "notices/de/lists.j2").write_text("")
    assert load(policies).languages == {"en"}
    (policies / "notices/de/notice.txt.j2").write_text("")
    assert load(policies).languages == {"en", "de"}


def test_what_was_read_stays_as_it_was_read(policies):
    own = policies / "notices/en/advisory.j2"
    own.write_text("before")
    texts = load(policies)
    own.write_text("{% half")
    assert texts.environment.get_template("en/advisory.j2").render() == "before"


def test_p05_all_that_cannot_be_read_is_told_with_its_place(policies):
    (policies / "notices/en/blocking.j2").write_text("fine\n{% if %}\n")
    (policies / "notices/en/advisory.j2").write_bytes(b"fine\nfine\n\xff")
    (policies / "notices/en/lists.j2").write_text("x" * 300_000)
    folder = f"{policies}/notices/en"
    not_utf_8, too_large, no_template = faults(policies)
    assert not_utf_8 == (
        f"{folder}/advisory.j2: cannot be read: line 3 is not UTF-8; save the file as UTF-8"
    )
    assert too_large == (
        f"{folder}/lists.j2: cannot be read: it is larger than 256 KiB; is it the right file?"
    )
    assert no_template.startswith(f"{folder}/blocking.j2:2: is not a template: Expected an expr")


def test_templates_cannot_reach_out_of_their_box(policies):
    (policies / "notices/en/advisory.j2").write_text("{{ ''.__class__.__mro__ }}")
    with pytest.raises(SecurityError):
        load(policies).environment.get_template("en/advisory.j2").render()


def test_words_never_said_are_read_in_lower_case_without_comments(policies):
    (policies / "notices/en/never.txt").write_text("# why\n\nIllegal # because\n")
    assert load(policies).forbidden_words == {"en": ("illegal",)}

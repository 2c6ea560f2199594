"""A notice as a message: its headers, its parts, its languages."""

from __future__ import annotations

import re
import runpy
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.config import Desk
from gateway.errors import ConfigError
from gateway.notices import notice_texts, render
from gateway.notices.prose import columns

reading = runpy.run_path(str(Path(__file__).with_name("reading.py")))
plain, html, flat, Page = (reading[name] for name in ("plain", "html", "flat", "Page"))


def test_n03_one_notice_names_all_three_and_says_what_each_listing_asks(letter, three):
    text = flat(plain(letter(*three)))
    for one in three:
        assert text.count(f"- {one.entity_name} {one.recipient} ") == 1
        assert f"A listing on {one.list} " in text
    assert "since 5 June 2020 (US-BIS-EL)" in text
    assert (
        "- An Institute of Data office@aidf.example INSTITUTE-X, date not known to us (INSTITUTE-X)"
        in text
    )


def test_n03_the_strictest_tier_says_how_far_to_stop(letter, three):
    assert "before you write again. They" in flat(plain(letter(*reversed(three))))
    assert "before you send or explain anything more" in flat(plain(letter(three[1], three[2])))


def test_n03_two_of_one_tier_are_explained_at_once(letter, matter):
    text = flat(plain(letter(matter(), matter(entity="x", entity_name="X"))))
    assert text.count("Such a listing can rule out any work together") == 1


def test_n03_several_recipients_at_one_institution_stand_together(letter, matter):
    text = flat(plain(letter(matter(), matter(recipient="b@mipt.ru", event="E2"))))
    assert "Technology a.petrov@stud.mipt.ru b@mipt.ru US Treasury" in text


def test_n04_the_headers_are_those_of_an_automatic_answer(letter, config):
    message = letter()
    assert message["From"].addresses[0].addr_spec == config.notices.from_
    assert message["From"].addresses[0].display_name == "Research Compliance, Example University"
    assert message["To"].addresses[0].addr_spec == "prof@example.edu"
    assert message["Reply-To"].addresses[0].addr_spec == config.notices.reply_to
    assert message["Auto-Submitted"] == "auto-replied"
    assert message["X-Auto-Response-Suppress"] == "All"
    assert message["In-Reply-To"] == "<mine@example.edu>"
    assert message["References"] == "<first@mipt.ru> <second@example.edu> <mine@example.edu>"
    assert message["Content-Language"] == "en"
    assert message["Date"] == "Sun, 22 Nov 2026 09:14:05 +0000"
    assert message["MIME-Version"] == "1.0"
    assert len(message.keys()) == len(set(message.keys()))


def test_n04_a_repeat_has_the_same_bytes_and_message_id(notice, config, packaged_texts):
    first = render.rendered_notice(notice(), config, packaged_texts)
    again = render.rendered_notice(notice(attempts=3, last_error="x"), config, packaged_texts)
    other = render.rendered_notice(notice(id="01KANGHZ4TZ6X0V5W3Q9G4T2ZZ"), config, packaged_texts)
    assert again == first
    assert first.message_id == "<01KANGHZ4TZ6X0V5W3Q9G4T2AB.notice@example.edu>"
    assert f"Message-ID: {first.message_id}\r\n".encode() in first.content
    assert other.message_id != first.message_id


def test_n04_an_answer_goes_to_the_desk_where_there_is_one(notice, config, packaged_texts):
    desk = replace(config, desk=Desk("desk@example.edu"))
    message = render.render(notice(), desk, packaged_texts)
    assert message["Reply-To"] == "<desk@example.edu>"


def test_n04_a_message_without_an_id_is_answered_without_a_thread(letter):
    message = letter(in_reply_to=None)
    assert "In-Reply-To" not in message
    assert "References" not in message


def test_n04_an_id_does_not_stand_twice_in_references(letter):
    message = letter(references=("<a@x>", "<mine@example.edu>"))
    assert message["References"] == "<a@x> <mine@example.edu>"


def test_n06_plain_text_comes_first_and_both_parts_hold_the_same_words(letter, three):
    message = letter(*three)
    assert message.get_content_type() == "multipart/alternative"
    first, second = message.iter_parts()
    assert (first.get_content_type(), second.get_content_type()) == ("text/plain", "text/html")
    words = re.sub(r"(^|\n) *- ", " ", plain(message))
    assert flat("".join(Page(html(message)).words)) == flat(words)


def test_n06_the_html_is_simple_and_fetches_nothing(letter, three):
    page = Page(html(letter(*three)))
    assert page.attributes["html"] == {"lang": "en"}
    assert page.tags.count("h1") == 1
    assert {"ul", "li"} <= set(page.tags)
    assert not set(page.tags) & {"img", "script", "link", "iframe", "table", "form", "svg", "base"}
    assert "url(" not in html(letter())
    assert "@import" not in html(letter())
    subject = "?subject=01KANGHZ4TZ6X0V5W3Q9G4T2AB"
    assert set(page.links) == {
        f"mailto:research-compliance@example.edu{subject}",
        "tel:+15550100",
        "https://example.edu/disclose",
        "https://example.edu/outgoing-mail-notice",
    }


def test_n06_the_html_has_no_colours_of_its_own(letter):
    assert not re.search(r"(?<!-)color *:|#[0-9a-f]{3}|rgb|background", html(letter()))
    assert 'name="color-scheme" content="light dark"' in html(letter())


def test_n06_no_line_is_wider_than_72_columns(notice, config, packaged_texts, matter):
    long = replace(
        config,
        institution=replace(config.institution, name="Universität " * 30),
        compliance=replace(
            config.compliance,
            office="Office " * 40,
            notice_url="https://example.edu/" + "segment/" * 30,
        ),
    )
    wide = matter(entity_name="哈尔滨工业大学" * 20, recipient="a" * 64 + "@" + "b" * 180 + ".ru")
    message = render.render(notice(wide), long, packaged_texts)
    text = message.get_body(("plain",)).get_content()
    assert max(map(columns, text.splitlines())) <= 72


def test_n06_what_is_sent_survives_every_mta(notice, config, packaged_texts, matter):
    odd = matter(entity_name="Universität Šiauliai 大学", recipient="имя@mipt.ru")
    content = render.rendered_notice(notice(odd), config, packaged_texts).content
    assert content.isascii()
    assert max(map(len, content.split(b"\r\n"))) <= 998
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", content)
    message = message_from_bytes(content, policy=default)
    assert "Universität Šiauliai 大学" in plain(message)
    assert "имя@mipt.ru" in html(message)


def test_n09_the_language_of_the_notice_chooses_the_texts(notice, config, policies):
    (policies / "notices/de").mkdir()
    (policies / "notices/de/notice.txt.j2").write_text(
        "Subject: Größe\n\n# Ihre Nachricht\n\n{{ reference }}\n", "utf-8"
    )
    two = replace(config, notices=replace(config.notices, languages=("en", "de")))
    message = render.render(notice(language="de"), two, notice_texts.load(policies))
    assert message["Content-Language"] == "de"
    assert message["Subject"] == "=?utf-8?b?R3LDtsOfZQ==?="
    assert '<html lang="de">' in message.get_body(("html",)).get_content()


def test_n09_a_language_that_has_gone_falls_back_to_the_institution_s(letter):
    assert letter(language="fr")["Content-Language"] == "en"


def test_a_text_that_fails_says_where(notice, config, policies):
    (policies / "notices/en/blocking.j2").write_text(
        "{% macro meaning(which) %}\n{{ nothing }}{% endmacro %}"
        "{% macro request(office) %}{% endmacro %}"
    )
    with pytest.raises(ConfigError, match=r"en/blocking\.j2:2: cannot be filled in") as caught:
        render.render(notice(), config, notice_texts.load(policies))
    assert len(caught.value.faults) == 1


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None
)
@given(strange=st.tuples(st.text(), st.text(), st.text(), st.text(min_size=1)))
def test_no_name_breaks_a_header_or_the_page(strange, notice, matter, config, packaged_texts):
    name, office, recipient, to = strange
    changed = replace(
        config,
        institution=replace(config.institution, name=name),
        compliance=replace(config.compliance, office=office),
    )
    evil = matter(entity_name=name, recipient=recipient, list=office, programme=name)
    content = render.rendered_notice(notice(evil, to=to), changed, packaged_texts).content
    head = content.partition(b"\r\n\r\n")[0].decode()
    names = [line.partition(":")[0] for line in head.split("\r\n") if line[:1] not in " \t"]
    assert names == [
        "From",
        "To",
        "Reply-To",
        "Subject",
        "Date",
        "Message-ID",
        "In-Reply-To",
        "References",
        "Auto-Submitted",
        "X-Auto-Response-Suppress",
        "MIME-Version",
        "Content-Type",
        "Content-Language",
    ]
    page = Page(html(message_from_bytes(content, policy=default)))
    assert page.tags.count("h1") == 1
    assert not set(page.tags) & {"img", "script", "link", "iframe", "form"}


@pytest.mark.parametrize(
    "evil", ["<script>alert(1)</script>", "<img src=x>", "{{ 7 * 7 }}", "\r\nBcc: x@y", "# Title"]
)
def test_a_hostile_name_is_only_a_name(evil, letter, matter):
    message = letter(matter(entity_name=evil))
    assert flat(evil) in flat(plain(message))
    page = Page(html(message))
    assert not set(page.tags) & {"script", "img"}
    assert page.tags.count("h1") == 1
    assert flat(evil) in flat(" ".join(page.words))


def test_a_letter_tells_its_digest(notice, config, packaged_texts):
    rendered = render.rendered_notice(notice(), config, packaged_texts)
    later = render.rendered_notice(
        notice(next_at=notice().next_at + timedelta(days=1)), config, packaged_texts
    )
    assert re.fullmatch("sha256:[0-9a-f]{64}", rendered.digest)
    assert later.digest != rendered.digest
    assert later.message_id == rendered.message_id

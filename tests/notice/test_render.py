from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from html.parser import HTMLParser

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.config import Desk
from gateway.errors import ConfigError
from gateway.model import Action, Standing, Tier
from gateway.notice import render, texts
from gateway.notice.prose import columns

# Kept here by hand: the packaged list of such words is checked against it.
NEVER_SAID = (
    "violat",
    "illegal",
    "unlawful",
    "suspicious",
    "suspect",
    "penalt",
    "prosecut",
    "criminal",
    "offence",
    "prison",
    "exempt",
    "publish",
    "publication",
    "sanctioned",
    "informational material",
)


@pytest.fixture
def letter(notice, config, packaged_texts):
    """Render, serialise, and read back as a mail program does."""

    def make(*matters, **changes):
        rendered = render.letter(notice(*matters, **changes), config, packaged_texts)
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


def plain(message) -> str:
    return message.get_body(("plain",)).get_content()


def html(message) -> str:
    return message.get_body(("html",)).get_content()


def flat(text) -> str:
    return " ".join(text.split())


class Page(HTMLParser):
    """The words of a page, its tags and what they point to."""

    def __init__(self, source):
        super().__init__()
        self.tags, self.links, self.words, self._hidden = [], [], [], False
        self.attributes = {}
        self.feed(source)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes.setdefault(tag, dict(attrs))
        self._hidden = tag in {"style", "title"}
        self.links += [v for k, v in attrs if k in {"href", "src", "background", "action"}]

    def handle_endtag(self, tag):
        self._hidden = False

    def handle_data(self, data):
        if not self._hidden:
            self.words.append(data)


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
    first = render.letter(notice(), config, packaged_texts)
    again = render.letter(notice(attempts=3, last_error="x"), config, packaged_texts)
    other = render.letter(notice(id="01KANGHZ4TZ6X0V5W3Q9G4T2ZZ"), config, packaged_texts)
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
    content = render.letter(notice(odd), config, packaged_texts).content
    assert content.isascii()
    assert max(map(len, content.split(b"\r\n"))) <= 998
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", content)
    message = message_from_bytes(content, policy=default)
    assert "Universität Šiauliai 大学" in plain(message)
    assert "имя@mipt.ru" in html(message)


def in_order(text, *parts) -> bool:
    at = 0
    for part in parts:
        found = text.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    return True


@pytest.mark.parametrize("tier", [*Tier])
def test_n07_it_says_everything_in_its_order(tier, letter, matter):
    message = letter(matter(tier=tier))
    for text in (flat(plain(message)), flat("".join(Page(html(message)).words))):
        assert in_order(
            text,
            "Your message was delivered",
            "22 November 2026 at 09:14 UTC",
            "because",
            "Moscow Institute of Physics and Technology",
            "a.petrov@stud.mipt.ru",
            "US Treasury (OFAC), Specially Designated Nationals List, since 2 August 2022",
            "(US-OFAC-SDN, RUSSIA-EO14024)",
            "If it is personal",
            "from a personal address or phone, to a personal address",
            "If it is anything else",
            "Please stop here and ask Research Compliance",
            "Dr Jane Doe",
            "research-compliance@example.edu",
            "+1 555 0100",
            "https://example.edu/disclose",
            "A personal account does not change the rules for work",
            "If this is a mistake",
            "research-compliance@example.edu",
            "What was recorded",
            "Your address",
            "Not the subject, the text, the attachments, nor any other recipient",
            "https://example.edu/outgoing-mail-notice",
            "When the next notice could come",
            "29 November 2026",
            "Reference",
            "01KANGHZ4TZ6X0V5W3Q9G4T2AB",
        )


def test_n07_a_refused_message_is_said_to_be_refused(letter, matter):
    message = letter(matter(action=Action.REFUSE))
    text = flat(plain(message))
    assert message["Subject"].startswith("Your message was not delivered")
    assert in_order(text, "was not delivered to the address below", "because", "If it is personal")
    assert "was delivered" not in text


def test_n07_a_message_refused_in_part_says_which_part(letter, matter):
    refused = matter(entity="x", entity_name="X", recipient="x@x.ru", action=Action.REFUSE)
    text = flat(plain(letter(matter(), refused)))
    assert text.startswith("Your message was delivered in part")
    assert "x@x.ru (not delivered)" in text
    assert "a.petrov@stud.mipt.ru (not delivered)" not in text


def test_n07_a_professor_reads_it_in_45_seconds(letter):
    # To the end of what is to be done, at 240 words a minute; what follows is for reference.
    text = plain(letter())
    assert len(text.partition("What was recorded")[0].split()) <= 180


def test_n07_what_is_not_configured_is_not_named(notice, config, packaged_texts):
    bare = replace(
        config,
        compliance=replace(
            config.compliance, officer=None, phone=None, disclosure_url=None, notice_url=None
        ),
    )
    text = flat(render.render(notice(), bare, packaged_texts).get_body(("plain",)).get_content())
    assert "- Research Compliance - research-compliance@example.edu A personal account" in text
    assert "None" not in text
    assert "Who sees this" not in text


def test_n07_an_address_that_only_resembles_is_said_to(letter, matter):
    text = flat(plain(letter(matter(standing=Standing.REVIEW))))
    assert "The address only resembles this institution's" in text
    # As the ledger gives it back: a plain string.
    assert flat(plain(letter(matter(standing="review")))) == text
    assert "resembles" not in flat(plain(letter(matter(standing="listed"))))


@pytest.mark.parametrize("tier", [*Tier])
@pytest.mark.parametrize("action", [Action.WARN, Action.REFUSE])
def test_n08_it_warns_and_judges_nobody(tier, action, letter, matter):
    message = letter(matter(tier=tier, action=action))
    said = (message["Subject"] + plain(message) + html(message)).lower()
    assert [word for word in NEVER_SAID if word in said] == []


def test_n08_it_names_no_address_but_the_matched_and_the_office_s(letter, three):
    found = set(re.findall(r"[\w.+-]+@[\w.-]+\w", plain(letter(*three)) + html(letter(*three))))
    assert found == {
        "a.petrov@stud.mipt.ru",
        "wang@hit.edu.cn",
        "office@aidf.example",
        "research-compliance@example.edu",
    }


def test_n08_a_thousand_recipients_make_no_list_of_addresses(letter, matter):
    many = [matter(recipient=f"r{n}@mipt.ru") for n in range(1000)]
    text = plain(letter(*many))
    assert text.count("@mipt.ru") == 20
    assert "and 980 more addresses there" in text


def test_n09_the_language_of_the_notice_chooses_the_texts(notice, config, policies):
    (policies / "notices/de").mkdir()
    (policies / "notices/de/notice.txt.j2").write_text(
        "Subject: Größe\n\n# Ihre Nachricht\n\n{{ reference }}\n", "utf-8"
    )
    two = replace(config, notices=replace(config.notices, languages=("en", "de")))
    message = render.render(notice(language="de"), two, texts.load(policies))
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
        render.render(notice(), config, texts.load(policies))
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
    content = render.letter(notice(evil, to=to), changed, packaged_texts).content
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
    letter = render.letter(notice(), config, packaged_texts)
    later = render.letter(
        notice(next_at=notice().next_at + timedelta(days=1)), config, packaged_texts
    )
    assert re.fullmatch("sha256:[0-9a-f]{64}", letter.digest)
    assert later.digest != letter.digest
    assert later.message_id == letter.message_id

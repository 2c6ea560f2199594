"""S18: whose mailbox a sender is, and whether it may be written to."""

import pytest

from gateway.addresses.canonical_mailbox import (
    MailboxFamily,
    is_forwarded,
    mailbox_of,
    routes_elsewhere,
    sender_of,
)

SAME = (
    MailboxFamily(("gmail.com", "googlemail.com"), dots_count=False),
    MailboxFamily(("yandex.ru", "ya.ru", "yandex.com")),
)


@pytest.mark.parametrize(
    "path",
    [
        b"jane@ours.example",
        b"<JANE@Ours.Example.>",
        b"jane+a@ours.example",
        b"Jane+A+b=c@ours.example",
        b'"jane"@ours.example',
        b"prvs=0123ABCDEF=jane@ours.example",
        b"PRVS=0123abcdef=Jane+a@ours.example",
        b"prvs=4472ab3d1=jane@ours.example",
        b"prvs=jane/0123abcdef@ours.example",
        b"prvs=jane=123ABCDEFG@ours.example",
        b"prvs=2987A7B7C7=jane@ours.example",
        b"btv1==2637b5c1d1e==jane@ours.example",
        b"msprvs1=18204ZPzvQZpz=jane@ours.example",
        b"prvs=0123456789=btv1==2637b5c1d1e==jane@ours.example",
    ],
)
def test_s18_a_signature_a_tag_and_case_make_no_other_mailbox(path):
    sender = sender_of(path)
    assert (sender.mailbox, sender.local, sender.domain) == (
        "jane@ours.example",
        "jane",
        "ours.example",
    )
    assert sender.answer_to is not None


def test_s18_a_signature_stands_before_the_mailbox_that_looks_like_one():
    assert mailbox_of("prvs=christophe=0123abcdef@ours.example") == "christophe@ours.example"
    assert mailbox_of("prvs=0123abcdef=christophe@ours.example") == "christophe@ours.example"
    assert mailbox_of("prvs=short=jane@ours.example") == "prvs=short=jane@ours.example"


@pytest.mark.parametrize(
    ("text", "mailbox"),
    [
        ("J.a.n.e+x@GoogleMail.com", "jane@gmail.com"),
        ("jane@ya.ru", "jane@yandex.ru"),
        ("ja.ne@yandex.com", "ja.ne@yandex.ru"),
        ("ja.ne@ours.example", "ja.ne@ours.example"),
        ("jane@mail.gmail.com", "jane@mail.gmail.com"),
        ("...@gmail.com", "...@gmail.com"),
    ],
)
def test_s18_what_providers_overlook_is_data(text, mailbox):
    assert mailbox_of(text, SAME) == mailbox
    assert mailbox_of(text) != mailbox or mailbox.partition("@")[0] in {"ja.ne", "jane", "..."}


def test_s18_without_that_data_dots_count():
    assert mailbox_of("j.ane@googlemail.com") == "j.ane@googlemail.com"


@pytest.mark.parametrize(
    "path",
    [
        b"jane%other.org@ours.example",
        b"other.org!jane@ours.example",
        b'"jane@other.org"@ours.example',
        b"jane%other.org%third.org@ours.example",
    ],
)
def test_s18_a_local_part_that_routes_elsewhere_is_nobody_of_ours(path):
    sender = sender_of(path)
    assert sender.mailbox == sender.written == path.decode()
    assert (sender.local, sender.domain, sender.answer_to) == ("", "", None)
    assert routes_elsewhere("jane%other.org")
    assert not routes_elsewhere("jane")


@pytest.mark.parametrize(
    ("path", "mailbox"),
    [
        (b"<Scanner <scan@ours.example>>", "scan@ours.example"),
        (b"Scanner <scan@ours.example>", "scan@ours.example"),
        (b"<a@ours.example,>", "a@ours.example"),
        (b" a@ours.example ", "a@ours.example"),
        (b"a@ours.example;", "a@ours.example"),
        (b"a@ours.example (Scanner)", "a@ours.example"),
    ],
)
def test_s18_one_at_and_a_name_or_punctuation_about_it_is_that_mailbox(path, mailbox):
    sender = sender_of(path)
    assert sender.mailbox == mailbox
    assert str(sender.answer_to) == mailbox


@pytest.mark.parametrize(
    "path",
    [
        b"a@other.org a@ours.example",
        b"a@other.org@ours.example",
        b"<a@other.org> <a@ours.example>",
        b"a b@ours.example",
        b"a\\b@ours.example",
        b"<@other.org:a@ours.example>",
        b'"a@other.org" <a@ours.example>',
        b"a@ours.example (for b@other.org)",
        b"a@ours.example@",
        b"a@",
        b"@ours.example",
        b"root",
        b"x" * 2000 + b"@ours.example",
    ],
)
def test_s18_in_doubt_nobody_is_written_to(path):
    assert sender_of(path).answer_to is None


def test_s18_a_sender_that_is_not_utf_8_is_never_written_to():
    sender = sender_of(b"jos\xe9@ours.example")
    assert sender.mailbox == sender.written == "jos\\xe9@ours.example"
    assert (sender.domain, sender.answer_to) == ("ours.example", None)
    assert str(sender_of("jos\u00e9@ours.example".encode()).answer_to) == "jos\u00e9@ours.example"


@pytest.mark.parametrize(
    ("path", "mailbox"),
    [
        (b"SRS0=HHH=TT=other.org=ivan@ours.example", "srs0@ours.example"),
        (b"SRS0+HHH=TT=other.org=ivan@ours.example", "srs0@ours.example"),
        (b"srs0-HHH=TT=other.org=ivan@ours.example", "srs0@ours.example"),
        (b"SRS1=HHH=host.org==HHH=TT=other.org=ivan@ours.example", "srs0@ours.example"),
        (b"prvs=0123456789=SRS0=HHH=TT=other.org=ivan@ours.example", "srs0@ours.example"),
        (b"Jane+SRS=h/a+=TT=other.org=ivan@ours.example", "jane@ours.example"),
        (b"bounces+SRS=hash=TT@ours.example", "bounces@ours.example"),
        (b"jane+x+SRS=hash=TT=other.org=ivan@ours.example", "jane@ours.example"),
        (b"jane+caf_=other=example.org@ours.example", "jane@ours.example"),
        (b"ja.ne+caf_=other=example.org@googlemail.com", "jane@gmail.com"),
        (b"+SRS=hash=TT=other.org=ivan@ours.example", "srs0@ours.example"),
    ],
)
def test_s18_forwarded_mail_is_its_forwarder_s_and_never_answered(path, mailbox):
    sender = sender_of(path, SAME)
    assert (sender.mailbox, sender.answer_to) == (mailbox, None)
    assert b"ivan" not in sender.mailbox.encode()


def test_s18_a_tag_that_is_no_forwarder_s_is_a_tag():
    for local in ("jane+srsly", "jane+caf", "srs0", "srs2=x", "jane"):
        assert not is_forwarded(local)


def test_s18_an_answer_goes_to_the_envelope_s_own_spelling():
    for path in (b"Jane+a@ours.example", b"prvs=0123456789=jane@ours.example"):
        assert str(sender_of(path).answer_to).encode() == path


@pytest.mark.parametrize(
    "text", ["", "*@ours.example", "j*ne+a@ours.example", "person-1a2b", "x y"]
)
def test_s18_what_is_no_address_stays_as_it_was_asked_for(text):
    assert mailbox_of(text) == text


def test_s18_a_mailbox_is_its_own_mailbox():
    for path in (
        b"Jane+a@ours.example",
        b"J.D+x@googlemail.com",
        b"a%b@ours.example",
        b'"a b"@c.d',
    ):
        mailbox = sender_of(path, SAME).mailbox
        assert mailbox_of(mailbox, SAME) == mailbox


def test_s18_a_guess_among_two_addresses_is_nobody_s_mailbox():
    sender = sender_of(b"x <a@other.org> <a@ours.example>")
    assert (sender.mailbox, sender.domain) == ("x <a@other.org> <a@ours.example>", "")

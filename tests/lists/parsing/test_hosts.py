import csv
import functools
import re
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.addresses.domain_name import has_known_suffix, is_public_suffix, normalise
from gateway.lists.parsing import hosts
from gateway.lists.parsing.hosts import ListedDomain, ListedMailbox, UnusableText
from gateway.screening.snapshot import read
from gateway.screening.unlistable_domains import why_unlistable

POLICIES = Path(__file__).parents[3] / "policies"
guard = functools.partial(why_unlistable, mailbox_kinds=read(POLICIES).mailbox_kinds)


def domains(text):
    return [each.value for each in hosts.domains(text, guard) if isinstance(each, ListedDomain)]


def refused(text):
    return [each.reason for each in hosts.domains(text, guard) if isinstance(each, UnusableText)]


def mailboxes(text):
    return [each.value for each in hosts.mailboxes(text) if isinstance(each, ListedMailbox)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("www.mipt.ru", ["mipt.ru"]),
        ("WWW.MIPT.RU.", ["mipt.ru"]),
        ("http://www.mipt.ru/en/index.html?a=b#c", ["mipt.ru"]),
        ("https://mipt.ru:8443/", ["mipt.ru"]),
        ("http://user:word@mipt.ru/", ["mipt.ru"]),
        ("http://mipt.ru@other.ru/", ["other.ru"]),
        ("http:\\\\www.mipt.ru\\en", ["mipt.ru"]),
        ("http:/mipt.ru", ["mipt.ru"]),
        ("http//mipt.ru", ["mipt.ru"]),
        ("http:www.mipt.ru", ["mipt.ru"]),
        ("httpwww.mipt.ru", ["mipt.ru"]),
        ("hxxp://mipt.ru", ["mipt.ru"]),
        ("http:// www.mipt.ru", ["mipt.ru"]),
        ("http: //www.mipt.ru", ["mipt.ru"]),
        ("http://http://www.mipt.ru", ["mipt.ru"]),
        ("<http://mipt.ru>", ["mipt.ru"]),
        ('"mipt.ru"', ["mipt.ru"]),
        ("www.mipt.ru/@en", ["mipt.ru"]),
        # Labels that say how a site is shown.
        ("http://en.vtb.az/", ["vtb.az"]),
        ("www.en.msc.ir", ["msc.ir"]),
        ("www2.web.mipt.ru", ["mipt.ru"]),
        ("www.ac.example.ru", ["ac.example.ru"]),
        ("dolgoprudny.mipt.ru", ["dolgoprudny.mipt.ru"]),
        # An institute may well be called "en"; nothing above it is its own.
        ("http://en.ac.ir/", ["en.ac.ir"]),
        ("www.en.ru", ["en.ru"]),
        # IDN: one name, however it is written.
        ("http://мфти.рф/", ["xn--h1ahsh.xn--p1ai"]),
        ("xn--h1ahsh.xn--p1ai", ["xn--h1ahsh.xn--p1ai"]),
        ("www。mipt。ru", ["mipt.ru"]),
        ("\uff57\uff57\uff57\uff0e\uff4d\uff49\uff50\uff54\uff0e\uff52\uff55", ["mipt.ru"]),
        ("www.mi\u200bpt.ru", ["mipt.ru"]),
        # Several in one field.
        ("www.mipt.ru; www.phystech.edu", ["mipt.ru", "phystech.edu"]),
        ("www.mipt.ru, phystech.edu", ["mipt.ru", "phystech.edu"]),
        ("mipt.ru | phystech.edu", ["mipt.ru", "phystech.edu"]),
        ("mipt.ru and phystech.edu", ["mipt.ru", "phystech.edu"]),
        ("mipt.ru / phystech.edu", ["mipt.ru", "phystech.edu"]),
        ("mipt.ru\nphystech.edu", ["mipt.ru", "phystech.edu"]),
        ("http://www.mipt.ruhttp://phystech.edu", ["mipt.ru", "phystech.edu"]),
        ("mipt.ru www.mipt.ru http://MIPT.ru/", ["mipt.ru"]),
        # A path that holds an address is a path.
        ("http://mipt.ru/go?to=http://phystech.edu", ["mipt.ru"]),
        # Talk beside it.
        ("www.mipt.ru. The Institute of Physics", ["mipt.ru"]),
        ("Website: mipt.ru (in Russian)", ["mipt.ru"]),
        ("The site (mipt.ru)", ["mipt.ru"]),
        ("Trading Co.Ltd www.mipt.ru", ["mipt.ru"]),
        ("www.mipt.ru St.Petersburg, Co.KG of Moscow", ["mipt.ru"]),
    ],
)
def test_a_website_becomes_the_domain_that_mail_goes_to(text, expected):
    assert domains(text) == expected


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("http://ac.ir/", "public suffix"),
        ("www.ac.ru", "public suffix"),
        ("www.edu.cn", "public suffix"),
        ("ru", "names no host"),
        ("", "names no host"),
        ("see the annex", "names no host"),
        ("www.facebook.com/institute", "shared host"),
        ("t.me/institute", "shared host"),
        ("institute.wixsite.com/home", "shared host"),
        ("http://web.archive.org/web/2012/http://www.mipt.ru", "shared host"),
        ("institute.narod.ru", "provider of personal mail"),
        ("http://hydraclubbioknikokex7njhwuahc2l67lfiz7z36md2jvopda7nchid.onion/", "top-level"),
        ("https://masscom-kw.corn/", "top-level"),
        ("index.html", "top-level"),
        ("192.0.2.7", "IP address"),
        ("http://192.0.2.7:8080/mipt.ru", "IP address"),
        ("http://[2001:db8::7]/mipt.ru", "no host name"),
        ("info@mipt.ru", "e-mail address"),
        ("www.mipt.ru+7 495 408 57 00", "a sign no name has"),
        ("www.mipt.ruwww.phystech.edu", "run together"),
        ("http://mipt..ru", "empty or overlong label"),
        ("http://" + "a" * 64 + ".ru", "empty or overlong label"),
    ],
)
def test_s03_what_is_not_one_institutions_domain_is_refused_with_the_reason(text, why):
    assert domains(text) == []
    assert why in " ".join(refused(text))


def test_talk_that_looks_like_a_host_is_told_beside_an_address():
    assert refused("Trading Co.Ltd www.mipt.ru") == [
        "stands beside a web address and does not look like one"
    ]


def test_what_is_refused_says_which_part():
    found = list(hosts.domains("www.mipt.ru; www.facebook.com/x", guard))
    assert [each.text for each in found] == ["www.mipt.ru", "www.facebook.com/x"]
    assert isinstance(found[1], UnusableText)


def test_without_an_override_the_text_of_a_slip_is_followed():
    # OFAC 30625; policies/overrides.toml puts it right.
    assert domains("http://en.miu.ac/ir/") == ["miu.ac"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("era_1@mil.ru", ["era_1@mil.ru"]),
        ("Office@MIPT.RU.", ["office@mipt.ru"]),
        ("a@x.ru; b@y.ru", ["a@x.ru", "b@y.ru"]),
        ("a@x.ru, b@y.ru or c@z.ru", ["a@x.ru", "b@y.ru", "c@z.ru"]),
        ("mailto:a@x.ru", ["a@x.ru"]),
        ("E-mail:a@x.ru", ["a@x.ru"]),
        ("<a@x.ru>", ["a@x.ru"]),
        ("The office (a@x.ru)", ["a@x.ru"]),
        ("a@мфти.рф", ["a@xn--h1ahsh.xn--p1ai"]),
        ("a@x.ru a@X.ru A@x.ru", ["a@x.ru"]),
        # S3: a provider's or a registry's domain may hold exact addresses.
        ("someone@gmail.com", ["someone@gmail.com"]),
        ("dean@ac.ir", ["dean@ac.ir"]),
    ],
)
def test_an_email_field_becomes_exact_addresses(text, expected):
    assert mailboxes(text) == expected


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "holds no e-mail address"),
        ("www.mipt.ru", "holds no e-mail address"),
        ("a@b.ruc@d.ru", "is no e-mail address"),
        ("@mipt.ru", "is no e-mail address"),
        ("имя@mipt.ru", "is no e-mail address"),
        ("a" * 65 + "@mipt.ru", "is no e-mail address"),
        ("a@mipt.corn", "top-level"),
        ("a@mipt", "top-level"),
        ("a@", "empty"),
        ("a@[192.0.2.7", "literal"),
    ],
)
def test_what_is_no_address_is_refused_with_the_reason(text, why):
    (found,) = hosts.mailboxes(text)
    assert isinstance(found, UnusableText)
    assert why in found.reason


# Pieces that fields are made of, so that a search comes near what people type.
_PIECES = st.sampled_from(
    (
        *("http://", "https:", "HTTP//", "www.", "en.", "ac.", "mipt", ".ru", ".ac.ir", ".рф"),
        *("@", "/", "\\", ":80", ";", ", ", " and ", "(", ")", "[", "]", "<", ">", "\n", "。"),
        *(
            "Co.Ltd",
            "gmail.com",
            "192.0.2.7",
            "::1",
            ".onion",
            "xn--",
            "\0",
            "\u202e",
            "\uff20",
            "é",
        ),
    )
)
_TEXTS = st.one_of(st.text(), st.lists(_PIECES, max_size=12).map("".join))


@given(_TEXTS)
@example("//" * 4000)
@example("(" * 4000)
@example("http:" * 2000)
@example("www." * 2000)
@example("a" * 100_000 + ".ru")
@example("\ud800.ru")
def test_s03_whatever_the_text_a_domain_passes_the_guard_in_normal_form(text):
    for found in hosts.domains(text, guard):
        if isinstance(found, UnusableText):
            assert found.reason
            continue
        assert guard(found.value) is None
        assert normalise(found.value) == found.value
        assert has_known_suffix(found.value)
        assert not is_public_suffix(found.value)


@given(_TEXTS)
@example("\ud800@mipt.ru")
@example("a@" * 4000)
def test_whatever_the_text_an_address_is_whole_and_in_normal_form(text):
    for found in hosts.mailboxes(text):
        if isinstance(found, UnusableText):
            assert found.reason
            continue
        local, _, domain = found.value.rpartition("@")
        assert local
        assert local == local.lower()
        assert normalise(domain) == domain
        assert has_known_suffix(domain)


# ── the real list ────────────────────────────────────────────────────────────────────────────

# Written apart from the code: in OFAC's remarks a website ends at a semicolon, a space or the end.
_WEBSITE = re.compile(r"Website:? (?:https?://)?(?:www\.)?([^\s;/:]+)")


def websites(data):
    """Give each host behind the word Website, with the number of its entry."""
    remarks = []
    with (data / "sdn.csv").open(encoding="utf-8", newline="") as stream:
        remarks += [(row[0], row[11]) for row in csv.reader(stream) if row[2:3] == ["-0- "]]
    entities = {uid for uid, _ in remarks}
    with (data / "sdn_comments.csv").open(encoding="utf-8", newline="") as stream:
        remarks += [(row[0], row[1]) for row in csv.reader(stream) if row[0] in entities]
    for uid, remark in remarks:
        for found in _WEBSITE.finditer(remark):
            yield uid, found[1].rstrip(".").lower()


@pytest.mark.data
def test_every_website_of_the_real_list_gives_the_domain_above_it_or_says_why(data_path):
    hosts_named = list(websites(data_path("ofac")))
    assert len(hosts_named) > 900
    not_taken = {}
    for uid, host in hosts_named:
        if not any(host == each or host.endswith(f".{each}") for each in domains(host)):
            not_taken[uid, host] = refused(host)
    # Shared hosts, a provider's, hosts outside the DNS, a slip: each has its reason.
    assert len(not_taken) <= 10
    assert all(not_taken.values())
    assert not any("sign no name has" in why for each in not_taken.values() for why in each)

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.addresses.mentioned_domains import MOST_NAMES, TooManyNamesError, mentioned_domains


@pytest.mark.parametrize(
    "path",
    [
        b"u%mipt.ru@ours.edu",
        b"mipt.ru!u@ours.edu",
        b"u@mipt.ru@ours.edu",
        b'"u% mipt.ru"@ours.edu',
        b"u@mi\\pt.ru@ours.edu",
        b'<,"u@mipt.ru">',
        b"u@mi pt.ru",
        b"u@mipt ru",
        b"u@mipt\tru",
        b"u@mipt . (x) ru",
        b"u@mipt(a(b))ru",
        b"u@mi(comment)pt.ru",
        b"u@mi(a(b))pt.ru",
        b"u@ours.edu(<x@mipt.ru>)",
        b"u@mipt.ru(x@ours.edu",
        b"u@=?utf-8?q?mipt=2Eru?=",
        b"u@=?utf-8?B?bWlwdC5ydQ==?=",
        b"=?utf-8?q?u=40mipt.ru?=@ours.edu",
        b"u@mipt.ru\xc2\xa0",
        b"u@mipt.ru\xa0",
        "u@mi\u00adpt\uff0eru".encode(),
        "u@mi\u200bpt\u3002ru".encode(),
        b"u@[mipt.ru]",
        b"u@mipt.ru..",
        b"U@MIPT.RU.,x",
        b"ivan+40mipt+2Eru@ours.edu",
        b"a;b:c<mipt.ru>",
        b"u@mipt.ru_x@ours.edu",
        b'u@"mipt".ru',
        b"u@mi\x01pt.ru",
    ],
)
def test_s15_a_domain_is_seen_wherever_it_stands(path):
    assert "mipt.ru" in dict(mentioned_domains(path))


def test_its_mailbox_stands_on_one_side_or_the_other():
    assert "ivan_1" in dict(mentioned_domains(b"ivan_1%mail.ru@ours.edu"))["mail.ru"]
    assert "ivan_1" in dict(mentioned_domains(b"mail.ru!ivan_1@ours.edu"))["mail.ru"]


def test_s15_no_mailbox_is_hidden_among_others():
    crowd = b"!".join(b"a%d%%mail.ru" % number for number in range(20))
    named = dict(mentioned_domains(crowd + b"!ivan_1%mail.ru@ours.edu"))["mail.ru"]
    assert "ivan_1" in named


def test_r26_a_path_of_too_many_names_is_not_looked_through():
    names = b"%".join(b"h%d.example" % number for number in range(MOST_NAMES + 1))
    with pytest.raises(TooManyNamesError):
        list(mentioned_domains(names))
    assert list(mentioned_domains(b"%h.example" * 90)) != []


def test_r26_a_sign_that_stands_for_many_is_counted_as_many():
    with pytest.raises(TooManyNamesError):
        list(mentioned_domains("\ufdfa.".encode() * 40))


@given(
    st.one_of(
        st.binary(max_size=200), st.text(alphabet="=?q%+@.(a) \\", max_size=200).map(str.encode)
    )
)
def test_hostile_paths_never_raise_anything_else(path):
    try:
        for domain, mailboxes in mentioned_domains(path):
            assert domain.isascii()
            assert all(mailboxes)
    except TooManyNamesError:
        pass

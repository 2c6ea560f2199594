import contextlib
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import ListError
from gateway.list_store.files import mail_hosts
from gateway.list_store.files.linked_domains import LINK_LASTS
from gateway.list_store.files.lists_directory import Folder
from gateway.screening.dns_linkage import Link

DAY = date(2026, 11, 22)
ONE = Link("guest.ru", "MX", "mx.mipt.ru", "mipt.ru")
OTHER = Link("other.ru", "MX", "mx.mipt.ru", "mipt.ru")


def test_what_was_seen_is_kept_with_its_day(folder):
    assert mail_hosts.read(folder, DAY) == {}
    mail_hosts.add(folder, [ONE], DAY)
    mail_hosts.add(folder, [OTHER], DAY + timedelta(days=1))
    found = mail_hosts.read(folder, DAY + timedelta(days=1))
    assert {name: (seen.link, seen.on) for name, seen in found.items()} == {
        "guest.ru": (ONE, DAY),
        "other.ru": (OTHER, DAY + timedelta(days=1)),
    }


def test_it_lapses(folder):
    mail_hosts.add(folder, [ONE], DAY)
    assert mail_hosts.read(folder, DAY + LINK_LASTS) == {}
    mail_hosts.add(folder, [OTHER], DAY + LINK_LASTS)
    assert b"guest.ru" not in mail_hosts.path_of(folder).read_bytes()


@pytest.mark.parametrize(
    "line",
    [b"{", b"[]", b"{}", b"[" * 100_000, b"\xff", b'{"domain":"a..b","record":"MX","host":"h",'],
)
def test_a_damaged_file_is_told_with_line_and_remedy(folder, line):
    mail_hosts.add(folder, [ONE], DAY)
    path = mail_hosts.path_of(folder)
    path.write_bytes(path.read_bytes() + line + b"\n")
    with pytest.raises(ListError, match=r"mail_hosts\.jsonl:2: is damaged; take the line out"):
        mail_hosts.read(folder, DAY)


@given(content=st.binary(max_size=200))
def test_whatever_it_holds_it_is_read_or_told(tmp_path_factory, content):
    folder = Folder(tmp_path_factory.mktemp("l"))
    mail_hosts.path_of(folder).write_bytes(content)
    with contextlib.suppress(ListError):
        assert len(mail_hosts.read(folder, DAY)) <= 1

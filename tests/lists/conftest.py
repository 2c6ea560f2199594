"""Parts of lists from bytes and files, and what no file may ever do to a reader."""

import io
from pathlib import Path

import pytest
from hypothesis import strategies as st

from gateway.errors import ListError
from gateway.lists.parsing.entry import Entry, RejectedRow, RejectedRowReason
from gateway.lists.parsing.organisation import Organisation
from gateway.lists.parsing.untrusted_file import UntrustedFile

FILES = Path(__file__).parent / "files"
DATA = Path(__file__).parents[3] / "shared" / "data"


@pytest.fixture(scope="session")
def part():
    """Make a part of text or bytes."""

    def make(name, content):
        raw = content.encode("utf-8") if isinstance(content, str) else content
        return UntrustedFile(name, io.BytesIO(raw))

    return make


@pytest.fixture(scope="session")
def content():
    """Give the bytes of a file in ``files/``."""
    return lambda path: (FILES / path).read_bytes()


@pytest.fixture(scope="module")
def read(request, part):
    """Read bytes or text as the one file of the list that the module's ``SAMPLE`` names."""
    reader, name, _ = request.module.SAMPLE
    return lambda raw: list(reader({name: part(name, raw)}))


@pytest.fixture(scope="module")
def good(request, content):
    """Give the bytes of the module's hand-made list."""
    return content(request.module.SAMPLE[2])


@pytest.fixture(scope="module")
def found(read, good):
    """Give all that the module's reader finds in it."""
    return read(good)


@pytest.fixture(scope="session")
def real():
    """Open a real list as a part; the test is skipped where there are none."""
    if not DATA.is_dir():
        pytest.skip(f"{DATA} is absent: it is not part of the project")

    def make(path, name=None):
        return UntrustedFile(name or Path(path).name, io.BytesIO((DATA / path).read_bytes()))

    return make


@pytest.fixture(scope="session")
def data_path():
    """Give the path of a real list; the test is skipped where there are none."""
    if not DATA.is_dir():
        pytest.skip(f"{DATA} is absent: it is not part of the project")
    return lambda path: DATA / path


@pytest.fixture(scope="session")
def outcome():
    """Read to the end whatever comes: what was taken, or the list's error; never another one."""

    def run(read):
        try:
            found = list(read())
        except ListError as error:
            return error
        for each in found:
            if isinstance(each, Entry):
                assert each.id
                assert each.name.strip()
                assert each.listings
                str(each).encode("utf-8")
            elif isinstance(each, Organisation):
                assert each.names[0] == each.name
                str(each).encode("utf-8")
            else:
                assert isinstance(each, RejectedRow)
                assert isinstance(each.reason, RejectedRowReason)
                assert "\n" not in each.detail
                each.detail.encode("utf-8")
        return found

    return run


@pytest.fixture(scope="session")
def damaged():
    """Draw damage to good bytes: cut out, cut off, changed, doubled, or put in between."""

    def draw(data, good):
        for _ in range(data.draw(st.integers(1, 3))):
            start = data.draw(st.integers(0, len(good)))
            end = data.draw(st.integers(start, min(len(good), start + 40)))
            between = data.draw(
                st.one_of(
                    st.just(b""),
                    st.binary(max_size=8),
                    st.sampled_from(_TROUBLE),
                    st.just(good[start:end] * 2),
                )
            )
            good = good[:start] + between + good[end:]
        return good

    return draw


_TROUBLE = (
    b"\0",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b'"',
    b",",
    b"\r",
    b"\n\n",
    b"<",
    b">",
    b"]]>",
    b"<!DOCTYPE a>",
    b"&x;",
    b"&#0;",
    b"</",
    b"<!--",
    b"{",
    b"}",
    b"[",
    b"]",
    b"null",
    b"1e999",
    b"NaN",
    b'"\\ud800"',
    b'"\\u0000"',
    "é".encode("latin-1"),
    "ü\u2028\u202e".encode(),
)

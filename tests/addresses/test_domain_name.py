import idna
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.addresses.domain_name import (
    MAX_NAME,
    DomainError,
    ancestry,
    is_public_suffix,
    normalise,
    public_suffix,
    registrable,
)

anything = st.one_of(
    st.text(max_size=300),
    st.binary(max_size=300),
    st.text(alphabet="aZ9-_.\uff0e\u3002\uff61\u00df\u043c\u200b[]@ %\\", max_size=80),
    st.lists(st.text(min_size=1, max_size=20), max_size=8).map(".".join),
)


@pytest.mark.parametrize(
    "spelling",
    [
        "mipt.ru",
        b"mipt.ru",
        "MIPT.RU",
        "MiPt.rU.",
        "mipt\uff0eru",
        "mipt\u3002ru",
        "mipt\uff61ru",
        "mipt.ru\u3002",
        "\uff4d\uff49\uff50\uff54.\uff32\uff35",
        "mi\u00adpt.ru",
        "mi\u200bpt.ru",
        "mipt\uff0eru".encode(),
    ],
)
def test_s02_every_spelling_of_a_domain_has_one_form(spelling):
    assert normalise(spelling) == "mipt.ru"


@pytest.mark.parametrize("name", ["мгу.рф", "清华大学.中国", "faß.de", "mipt.рф", "физтех.mipt.ru"])
def test_s02_a_label_and_u_label_are_one_name(name):
    form = idna.encode(name).decode()
    assert normalise(name) == normalise(name.upper().replace("SS", "ß")) == form
    assert normalise(form) == normalise(f"{form.upper()}.") == form


@pytest.mark.parametrize(
    "real",
    ["_dmarc.mipt.ru", "a_b.example.org", "-a.example", "a-.example", "1.2.3.4", "localhost"],
)
def test_names_that_the_dns_holds_in_spite_of_the_rules_are_read(real):
    assert normalise(real) == real


def test_labels_that_idna_2008_struck_out_keep_the_name_the_dns_has():
    assert normalise("\u2603.net") == "xn--n3h.net"


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        ".",
        "..",
        "a..b",
        ".a",
        "a b.ru",
        "a@b.ru",
        "a/b.ru",
        "mipt.ru\0",
        "mipt.ru\n",
        "mipt.ru\r\n",
        "[192.0.2.1]",
        "[IPv6:2001:db8::1]",
        b"\xff\xfe.ru",
        "\ud800.ru",
        "a" * 64,
        "ы" * 63,
        ".".join(["a" * 50] * 6),
        "x" * 5000,
        "\u2100.ru",
    ],
)
def test_what_is_no_domain_name_is_told(wrong):
    with pytest.raises(DomainError):
        normalise(wrong)


def test_the_longest_name_is_253_octets_long():
    name = ".".join(["a" * 63, "b" * 63, "c" * 63, "d" * 61])
    assert len(name) == MAX_NAME
    assert normalise(name) == normalise(name + ".") == name
    with pytest.raises(DomainError):
        normalise(name + "d")


def test_an_error_quotes_nothing_of_the_address():
    with pytest.raises(DomainError) as caught:
        normalise("secret person")
    assert "secret" not in str(caught.value)


@given(anything)
def test_s02_normalising_twice_changes_nothing_and_nothing_else_is_raised(name):
    try:
        form = normalise(name)
    except DomainError:
        return
    assert normalise(form) == form
    assert normalise(form.upper()) == form
    assert normalise(form + ".") == form
    assert normalise(form.encode()) == form
    assert form == form.lower()
    assert form.isascii()
    assert len(form) <= MAX_NAME


@pytest.mark.parametrize(
    ("domain", "suffix", "registered"),
    [
        ("mipt.ru", "ru", "mipt.ru"),
        ("stud.mipt.ru", "ru", "mipt.ru"),
        ("ac.ru", "ac.ru", None),
        ("issp.ac.ru", "ac.ru", "issp.ac.ru"),
        ("msk.ru", "msk.ru", None),
        ("mil.ru", "mil.ru", None),
        ("edu.cn", "edu.cn", None),
        ("cs.tju.edu.cn", "edu.cn", "tju.edu.cn"),
        ("mut.ac.ir", "ac.ir", "mut.ac.ir"),
        ("xn--c1aew.xn--p1ai", "xn--p1ai", "xn--c1aew.xn--p1ai"),
        ("a.example.nosuchtld", "nosuchtld", "example.nosuchtld"),
        ("nosuchtld", "nosuchtld", None),
    ],
)
def test_s03_both_sections_of_the_public_suffix_list_count(domain, suffix, registered):
    assert public_suffix(domain) == suffix
    assert registrable(domain) == registered
    assert is_public_suffix(domain) is (registered is None)


def test_ancestry_is_longest_first_and_ends_at_the_top():
    assert ancestry("a.b.ru") == ("a.b.ru", "b.ru", "ru")
    assert ancestry("ru") == ("ru",)
    assert ancestry("") == ("",)

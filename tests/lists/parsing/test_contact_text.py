import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.lists.parsing.contact_text import ContactKind, contact_kind_of, labelled, split

SITE, MAIL, OTHER = ContactKind.WEBSITE, ContactKind.EMAIL, ContactKind.OTHER


@pytest.mark.parametrize(
    ("label", "way"),
    [
        ("WEB", SITE),
        ("website", SITE),
        ("EMAIL", MAIL),
        ("E-mail", MAIL),
        ("PHONE", OTHER),
        ("", OTHER),
    ],
)
def test_a_label_announces_a_way(label, way):
    assert contact_kind_of(label) is way


@pytest.mark.parametrize(
    ("text", "way", "found"),
    [
        ("www.x.example", SITE, [(SITE, "www.x.example")]),
        ("", SITE, []),
        (
            "EMAILa@b.example PHONE+7 495 000WEBhttps://x.example",
            OTHER,
            [(MAIL, "a@b.example"), (OTHER, "+7 495 000"), (SITE, "https://x.example")],
        ),
        (
            "a@b.example PHONE+7WEBwww.x.example",
            MAIL,
            [(MAIL, "a@b.example"), (OTHER, "+7"), (SITE, "www.x.example")],
        ),
        (
            "EMAILa@b.examplePHONE+7(495)FAX+7",
            OTHER,
            [(MAIL, "a@b.example"), (OTHER, "+7(495)"), (OTHER, "+7")],
        ),
        (
            "WEBx.example EMAILa@b.example",
            OTHER,
            [(SITE, "x.example"), (MAIL, "a@b.example")],
        ),
        ("A@B.EXAMPLEPHONE+7", MAIL, [(MAIL, "A@B.EXAMPLE"), (OTHER, "+7")]),
        (
            "x.example, E-mail: a@b.example; Tel. 1",
            SITE,
            [(SITE, "x.example"), (MAIL, "a@b.example; Tel. 1")],
        ),
        # Capitals that belong to the name
        ("HTTP://WEBSITE.EXAMPLE", SITE, [(SITE, "HTTP://WEBSITE.EXAMPLE")]),
        ("https://HOTEL123.example", SITE, [(SITE, "https://HOTEL123.example")]),
        ("www.x.example/WEB/FAX123", SITE, [(SITE, "www.x.example/WEB/FAX123")]),
        ("WEBMASTER@x.example", MAIL, [(MAIL, "WEBMASTER@x.example")]),
        ("www.theWEB.example", SITE, [(SITE, "www.theWEB.example")]),
        ("x.example/COBWEBwww.html", SITE, [(SITE, "x.example/COBWEBwww.html")]),
    ],
)
def test_cuts_glued_values_apart(text, way, found):
    assert list(split(text, way)) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            "Email addresses: a@b.example; c-1@d.example; and e@f.example. The rest",
            [(MAIL, "a@b.example"), (MAIL, "c-1@d.example"), (MAIL, "e@f.example")],
        ),
        ("e-mail: a_b@c.example Branch Office 7: i)", [(MAIL, "a_b@c.example")]),
        (
            "Telephone: 98-9; Website: http://www.x.example) [Old reference",
            [(SITE, "http://www.x.example")],
        ),
        (
            "Website: www.x.example and http://y.example/en. Tel: 5",
            [(SITE, "www.x.example"), (SITE, "http://y.example/en")],
        ),
        ("(Web: x.example)", [(SITE, "x.example")]),
        ("Website: www.x.example No.5 Fleet Street", [(SITE, "www.x.example")]),
        (
            "EMAILa@b.example PHONE+7 495WEBhttps://x.example",
            [(MAIL, "a@b.example"), (SITE, "https://x.example")],
        ),
        # Somebody else's, or nobody's
        ("Special Notice web link:https://www.interpol.int/en", []),
        ("as told at https://x.example", []),
        ("write to a@b.example", []),
        ("Website: under construction. Email: none", []),
    ],
)
def test_of_free_text_only_what_is_labelled_counts(text, found):
    assert list(labelled(text)) == found


@given(st.text() | st.text(alphabet="EMAILWBPHON: @.aw/+1-;,"))
def test_any_text_is_cut_into_parts_of_itself(text):
    for kind in ContactKind:
        assert all(piece in text for _, piece in split(text, kind))
    assert all(piece in text for _, piece in labelled(text))

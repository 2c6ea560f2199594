from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.errors import ConfigError
from gateway.notices import layout, notice_texts
from gateway.notices.prose import Heading, Paragraph, Prose
from gateway.notices.template_facts import facts_of


@pytest.fixture
def page(notice, config, packaged_texts):
    def make(text, **compliance):
        changed = replace(config, compliance=replace(config.compliance, **compliance))
        facts = facts_of(notice(), changed, "en")
        return layout.html_page(
            Prose("S", (Heading(1, "T"), Paragraph(text))), facts, packaged_texts
        )

    return make


def test_only_the_office_s_own_addresses_become_links(page):
    html = page("Write to research-compliance@example.edu, not to a@mipt.ru or https://evil.ru")
    assert html.count("<a ") == 1
    assert ">research-compliance@example.edu</a>, not to a@mipt.ru or https://evil.ru<" in html


def test_the_longest_address_wins(page):
    url = "https://example.edu/disclose/more"
    assert f'<a href="{url}">{url}</a>' in page(f"See {url}", notice_url=url)


def test_a_url_that_is_none_is_no_link(page):
    html = page("See javascript:alert(1) here", notice_url="javascript:alert(1)")
    assert "<p>See javascript:alert(1) here</p>" in html


def test_an_address_is_escaped_in_its_link(page):
    url = 'https://example.edu/?a="><script>&b'
    html = page(f"See {url}", notice_url=url)
    assert '<a href="https://example.edu/?a=&#34;&gt;&lt;script&gt;&amp;b">' in html
    assert "<script>" not in html


def test_all_that_is_no_link_is_escaped(page, notice, config, packaged_texts):
    html = page("<b> & research-compliance@example.edu <i>")
    assert "<p>&lt;b&gt; &amp; <a href=" in html
    assert "</a> &lt;i&gt;</p>" in html
    title = Prose("</title><script>", (Heading(1, "T"),))
    assert "<script>" not in layout.html_page(
        title, facts_of(notice(), config, "en"), packaged_texts
    )


def test_a_text_without_its_marks_names_the_file(notice, config, policies):
    (policies / "notices/en/notice.txt.j2").write_text("Hello")
    facts = facts_of(notice(), config, "en")
    with pytest.raises(ConfigError, match=r"en/notice\.txt\.j2: the first line is not 'Subject"):
        layout.prose_of(facts, notice_texts.load(policies))

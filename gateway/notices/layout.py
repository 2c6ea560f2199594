"""A notice's templates filled in with its facts: the words, and the HTML around the same words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote

from markupsafe import Markup, escape

from gateway.errors import ConfigError, Fault
from gateway.notices import prose
from gateway.notices.notice_texts import HTML_FILE, PLAIN_TEXT_FILE, NoticeTexts, located
from gateway.notices.template_facts import variables

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.notices.template_facts import TemplateFacts


def prose_of(facts: TemplateFacts, texts: NoticeTexts) -> prose.Prose:
    """Fill in the letter in the facts' language.

    Raises ``ConfigError`` with file and line where the template fails, and with the file where
    what it yields has not the shape of :func:`prose.parse`.
    """
    name = f"{facts.language}/{PLAIN_TEXT_FILE}"
    source = _fill(texts, name, **variables(facts))
    try:
        return prose.parse(source)
    except ValueError as problem:
        raise ConfigError([Fault(texts.place(name), None, None, str(problem))]) from problem


def html_page(words: prose.Prose, facts: TemplateFacts, texts: NoticeTexts) -> str:
    """Give the HTML form of the words; raises ``ConfigError`` with file and line."""
    return _fill(texts, HTML_FILE, prose=words, language=facts.language, link=_linker(facts))


def _fill(texts: NoticeTexts, name: str, **given: object) -> str:
    try:
        return texts.environment.get_template(name).render(given)
    except Exception as problem:  # a template is a program: it can fail in any way
        raise ConfigError([located(problem, texts, name)]) from problem


def _linker(facts: TemplateFacts) -> Callable[[str], Markup]:
    """Escape a text for HTML; the office's own addresses in it become links, nothing else does.

    A recipient's address never does: nobody should write to it by a slip of the finger.
    """
    subject = quote(facts.reference)
    targets = {facts.email: f"mailto:{quote(facts.email, safe='@+')}?subject={subject}"}
    if facts.phone is not None:
        targets[facts.phone] = "tel:" + re.sub(r"[^0-9+]", "", facts.phone)
    urls = (url for url in (facts.disclosure_url, facts.notice_url) if url is not None)
    targets |= {url: url for url in urls if url.startswith(("https://", "http://"))}
    # The longest first: one address may begin with another.
    known = re.compile("|".join(map(re.escape, sorted(targets, key=len, reverse=True))))

    def link(text: str) -> Markup:
        out, at = Markup(), 0
        for match in known.finditer(text):
            out += escape(text[at : match.start()])
            out += Markup('<a href="{}">{}</a>').format(targets[match[0]], match[0])
            at = match.end()
        return out + escape(text[at:])

    return link

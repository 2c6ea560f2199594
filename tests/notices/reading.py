"""A message as a mail program reads it."""

from __future__ import annotations

from html.parser import HTMLParser


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

"""Every dialogue straight and through the gateway: the same replies, the same bytes.

How scripts are written stands in ``conftest.py``; where they may differ, in ``docs/quirks.md``.
"""

import re
import runpy
from dataclasses import dataclass
from pathlib import Path

import pytest

from gateway.smtp import ehlo_keywords

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
page = runpy.run_path(str(HERE / "quirks.py"))
QUIRKS, OFFERED, headings, as_offered = (
    page[name] for name in ("QUIRKS", "OFFERED", "headings", "as_offered")
)
SCRIPTS = sorted(file.stem for file in HERE.glob("*.smtp"))
# These ask of a next hop nothing that a real one doesn't do.
ASKS = re.compile(r"^(quirk:|hop:|extensions)", re.MULTILINE)
UNSCRIPTED = [
    name for name in SCRIPTS if not ASKS.search((HERE / f"{name}.smtp").read_text(encoding="utf-8"))
]
SIZES = {"in turns": 1 << 20, "byte by byte": 1, "in one packet": None}


def without(heard: bytes, unsent: list[bytes]) -> bytes:
    """What the next hop hears where these pieces are not passed on."""
    for piece in unsent:
        assert piece in heard
        heard = heard.replace(piece, b"", 1)
    return heard


@dataclass
class Ways:
    """Both ways to one next hop."""

    recorder: object
    gateway: object
    speak: object

    def straight(self, dialogue, size):
        self.recorder.begin(dialogue.hop)
        said = self.speak(dialogue, self.recorder.server_address[1], "straight", size)
        return said, self.recorder.last_heard()

    def through(self, dialogue, size):
        self.recorder.begin(dialogue.hop)
        said = self.speak(dialogue, self.gateway.port, "through", size)
        return said, self.recorder.last_heard()


@pytest.fixture(scope="session")
def ways(recorder, gateway, speak):
    return Ways(recorder, gateway, speak)


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
@pytest.mark.parametrize("name", SCRIPTS)
def test_r01_r02_r03_r04_the_gateway_is_not_noticed(name, size, dialogues, ways):
    dialogue = dialogues[name]
    straight, heard_straight = ways.straight(dialogue, size)
    before = ways.gateway.observed()
    through, heard = ways.through(dialogue, size)

    assert (ways.gateway.observed() > before) is dialogue.is_matched
    if dialogue.is_cut:
        assert heard_straight.startswith(heard)
        assert b"\r\n.\r\n" not in heard
    else:
        assert heard == without(heard_straight, dialogue.unsent)
    if not dialogue.quirks or dialogue.quirks == ["ehlo-keywords"]:
        assert through.raw == as_offered(straight.raw)
    elif size is None:
        codes = [text[:3] for text in dialogue.expected("through")]
        assert [line[:3] for line in through.raw.splitlines() if line[3:4] == b" "] == codes


@pytest.mark.parametrize("name", UNSCRIPTED)
def test_r01_r02_r03_r04_nor_is_it_before_aiosmtpd(
    name, dialogues, aiosmtpd, gateway_before_aiosmtpd, speak
):
    dialogue = dialogues[name]
    port, heard = aiosmtpd
    heard.clear()
    straight = speak(dialogue, port, "real", None)
    heard_straight = b"".join(heard)
    heard.clear()
    through = speak(dialogue, gateway_before_aiosmtpd.port, "real", None)
    assert through.raw == as_offered(straight.raw)
    assert b"".join(heard) == heard_straight


@pytest.mark.e2e
@pytest.mark.parametrize("name", UNSCRIPTED)
def test_r01_r03_r04_nor_is_it_before_smtp_sink(
    name, dialogues, smtp_sink, gateway_before_smtp_sink, speak
):
    dialogue = dialogues[name]
    straight = speak(dialogue, smtp_sink, "real", None)
    through = speak(dialogue, gateway_before_smtp_sink.port, "real", None)
    assert through.raw == as_offered(straight.raw)


def test_r12_the_page_on_quirks_and_the_gateway_offer_the_same_keywords():
    assert OFFERED == ehlo_keywords.OFFERED_KEYWORDS


def test_every_quirk_is_told_and_every_one_told_is_shown(dialogues):
    told = set(headings())
    claimed = {quirk for dialogue in dialogues.values() for quirk in dialogue.quirks}
    assert claimed <= told
    for part in QUIRKS.split("\n## ")[1:]:
        heading = part.split("\n", 1)[0]
        shown_by = re.findall(r"`([^`]+)`", part.partition("Shown by:")[2])
        assert shown_by, heading
        for name in shown_by:
            if name.endswith(".smtp"):
                assert heading in dialogues[name.removesuffix(".smtp")].quirks
            else:
                assert is_a_test(name), f"{heading}: there is no test {name}"


def is_a_test(name: str) -> bool:
    files = (ROOT / "tests").rglob("test_*.py")
    return any(f"def {name}(" in file.read_text(encoding="utf-8") for file in files)


def test_a_script_differs_only_where_it_says_so(dialogues):
    for dialogue in dialogues.values():
        differs = dialogue.unsent or dialogue.is_cut
        differs = differs or any(way for kind, _, way in dialogue.steps if kind == "hear")
        assert bool(differs) <= bool(dialogue.quirks), dialogue.name


def test_there_are_enough_of_them(dialogues):
    assert sum(not dialogue.quirks for dialogue in dialogues.values()) >= 24
    assert sum(dialogue.is_matched for dialogue in dialogues.values()) >= 8

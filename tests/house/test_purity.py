"""Whatever a pure room may not use, in each way of naming it; and what is like it and none."""

import pytest

from tests.house import purity
from tests.house.source_files import ROOT

PURE = ("gateway/smtp", "gateway/model.py")
TREE = {
    "gateway/smtp/__init__.py": "",
    "gateway/model.py": "import datetime\n",
    "gateway/store.py": "import sqlite3\nfrom urllib import request as ask\nimport ssl as tls\n"
    "import time\nnow = time.monotonic\n",
}


def told(made_up, text):
    tree = made_up(TREE | {"gateway/smtp/a.py": text + "\n"})
    return [str(breach) for breach in purity.breaches(tree.files, tree.names, PURE)]


@pytest.mark.parametrize("name", sorted(purity.FORBIDDEN))
def test_all_that_is_forbidden_is_told(made_up, name):
    text = f"import {name}" if "." not in name else f"import datetime\nx = {name}()"
    (breach,) = told(made_up, text)
    assert f"uses {name}, and gateway/smtp is pure: " in breach


@pytest.mark.parametrize(
    "text",
    [
        "import ssl as s",
        "from ssl import SSLContext",
        "from ssl import *",
        "def later():\n    import subprocess",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import socket",
        "import urllib.request",
        "import urllib",
        "from urllib import request",
        "from urllib.request import urlopen",
        "import xml, http.client",
        "import os.path",
        "from importlib import import_module\nimport_module('threading')",
        "import importlib as i\ni.import_module(name='concurrent.futures')",
        "__import__('select')",
        "from gateway.store import sqlite3",
        "from gateway.store import ask",
        "from ..store import tls",
        "from gateway.store import now",
        "from gateway import store\nx = store.sqlite3",
        "from gateway import store\ndef f():\n    return store.ask('http://x')",
        "from datetime import datetime\ndef f():\n    return datetime.now()",
        "import datetime as dt\nx = dt.date.today",
        "from datetime import date\nclass A:\n    def f(self, on=date.today()): ...",
    ],
)
def test_every_way_to_it_is_told(made_up, text):
    found = told(made_up, text)
    assert found
    assert all(breach.startswith("gateway/smtp/a.py:") for breach in found)


@pytest.mark.parametrize(
    "text",
    [
        "from urllib.parse import quote",
        "import urllib.parse",
        "from urllib import parse",
        "import urllib.parse\nx = urllib.parse.quote('x')",
        "import email.message, io, re, hashlib",
        "from datetime import datetime, time, UTC",
        "from datetime import datetime\nx = datetime.fromisoformat('2026-12-01')",
        "from .socket import Socket",
        "from gateway.smtp import socket",
        "def f(time):\n    return time.time()",
    ],
)
def test_what_looks_like_it_passes(made_up, text):
    assert told(made_up, text) == []


def test_a_single_file_may_be_pure_among_others(made_up):
    tree = made_up(TREE | {"gateway/model.py": "import uuid\n"})
    (breach,) = purity.breaches(tree.files, tree.names, PURE)
    assert str(breach).startswith("gateway/model.py:1: uses uuid, and gateway/model.py is pure")


def test_an_entry_that_names_nothing_is_a_breach(made_up):
    tree = made_up(TREE)
    (breach,) = purity.breaches(tree.files, tree.names, ("gateway/document", *PURE))
    line = (ROOT / breach.file).read_text(encoding="utf-8").splitlines()[breach.line - 1]
    assert "gateway/document" in line
    assert "there is no gateway/document" in breach.what

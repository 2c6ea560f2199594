import pytest

from tests.house import docstrings

ERRORS = """\
class MonitionError(Exception): ...
class LedgerError(MonitionError): ...
"""
USE = "from gateway.errors import LedgerError\n"


def told(made_up, text):
    tree = made_up({"gateway/errors.py": ERRORS, "gateway/a.py": text})
    return [str(breach) for breach in docstrings.breaches(tree.files, tree.names, "gateway")]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (USE + "def read():\n    'Read.'\n    raise LedgerError('x')\n", "read"),
        ("from . import errors\nasync def read():\n    raise errors.LedgerError\n", "read"),
        ("from .errors import LedgerError as L\ndef read():\n    raise L from None\n", "read"),
        (
            USE + "class A:\n    def read(self):\n        if 1:\n            raise LedgerError\n",
            "A.read",
        ),
        ("class OwnError(ValueError): ...\ndef read():\n    'Fail.'\n    raise OwnError\n", "read"),
    ],
)
def test_an_error_that_the_docstring_leaves_out_is_a_breach(made_up, text, name):
    (breach,) = told(made_up, text)
    assert f": {name}() raises " in breach


@pytest.mark.parametrize(
    "body",
    [
        "def read():\n    'LedgerError: it is gone.'\n    raise LedgerError\n",
        "def read():\n    'A MonitionError where it is gone.'\n    raise LedgerError\n",
        "def _read():\n    raise LedgerError\n",
        "class _A:\n    def read(self):\n        raise LedgerError\n",
        "def read():\n    'Read.'\n    raise ValueError('x')\n",
        "def read():\n    'Read.'\n    try: ...\n    except LedgerError:\n        raise\n",
        "def read():\n    'Read.'\n    def f():\n        raise LedgerError\n    return f\n",
        "import click\n@click.command()\ndef command():\n    'Read.'\n    raise LedgerError\n",
    ],
)
def test_what_is_told_private_or_not_ours_passes(made_up, body):
    assert told(made_up, USE + body) == []

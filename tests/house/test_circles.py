"""Every form of import that closes a circle, and what only looks like one."""

import pytest

from tests.house import circles


def told(tree):
    return [str(breach) for breach in circles.breaches(tree.files, tree.imports)]


def test_a_circle_is_told_by_its_lines(made_up):
    texts = {
        "gateway/a.py": "import gateway.b\n",
        "gateway/b.py": "import os\nfrom gateway.c import x\n",
        "gateway/c.py": "\n\nfrom gateway import a\n",
    }
    (breach,) = told(made_up(texts))
    assert breach == (
        "gateway/a.py:1: a circle of 3 files: imports gateway/b.py, gateway/b.py:2 imports "
        f"gateway/c.py, gateway/c.py:3 imports gateway/a.py: {circles.REMEDY}"
    )


@pytest.mark.parametrize(
    "back",
    [
        "import gateway.room.a",
        "import gateway.room.a as m",
        "from gateway.room import a",
        "from gateway.room import other, a as m",
        "from gateway.room.a import x",
        "from gateway.room.a import *",
        "from . import a",
        "from .a import x",
        "from ..room import a",
        "from ..room.a import x",
        "from .. import room\nfrom ..room import a",
        "def later():\n    from gateway.room.a import x",
        "class C:\n    def f(self):\n        from .a import x",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from gateway.room.a import x",
        "import typing as t\nif t.TYPE_CHECKING:\n    from .a import x",
        "try:\n    import gateway.room.a\nexcept ImportError:\n    pass",
        "from importlib import import_module\nimport_module('gateway.room.a')",
        "import importlib\ndef later():\n    return importlib.import_module('gateway.room.a').x",
        "__import__('gateway.room.a')",
        "from importlib import import_module\nimport_module(name='gateway.room.a')",
        "from importlib import import_module\nimport_module('.a', 'gateway.room')",
        "from importlib import import_module\nimport_module('.a', package=__package__)",
        "from importlib import import_module\nimport_module(package=__package__, name='.a')",
        "from importlib import import_module\nimport_module('..room.a', 'gateway.room')",
        "from importlib import import_module as load\nload('gateway.room.a')",
        "import importlib as i\nload = i.import_module\ndef f():\n    load('gateway.room.a')",
        "import builtins\nbuiltins.__import__('gateway.room.a')",
        "load = __import__\nload('gateway.room.a')",
        "__import__('gateway.room', fromlist=['a'])",
        "__import__('a', globals(), locals(), [], 1)",
        "__import__('', globals(), fromlist=('a',), level=1)",
        "from importlib import import_module\nA = 'gateway.room.a'\nimport_module(A)",
        "from importlib import import_module\nimport_module('gateway.' + 'room.a')",
        "from importlib import import_module\nimport_module(f'{__package__}.a')",
    ],
)
def test_every_import_counts_whatever_its_form(made_up, back):
    texts = {
        "gateway/room/a.py": "from gateway.room.b import x\n",
        "gateway/room/b.py": back + "\n",
    }
    (breach,) = told(made_up(texts))
    assert breach.startswith("gateway/room/a.py:1: a circle of 2 files: ")


@pytest.mark.parametrize(
    "of_package",
    [
        "from gateway.room import Handed",
        "import gateway.room",
        "from . import Handed",
        "from .. import room",
        "from gateway import room",
        # The function of this name, which the package hands on, not the file.
        "from gateway.room import b",
    ],
)
def test_a_package_is_its_init(made_up, of_package):
    texts = {
        "gateway/room/__init__.py": "from .a import Handed\nfrom gateway.room.b import b\n",
        "gateway/room/a.py": of_package + "\n",
        "gateway/room/b.py": "",
    }
    (breach,) = told(made_up(texts))
    assert breach.startswith("gateway/room/__init__.py:1: a circle of 2 files: ")


def test_the_init_of_another_package_is_run_on_the_way_to_its_files(made_up):
    texts = {
        "gateway/room/__init__.py": "from gateway.other import x\n",
        "gateway/room/inner/a.py": "",
        "gateway/other.py": "from gateway.room.inner import a\n",
    }
    (breach,) = told(made_up(texts))
    assert "gateway/room/__init__.py:1 imports gateway/other.py" in breach


@pytest.mark.parametrize(
    "texts",
    [
        {
            "gateway/a.py": "import gateway.b\nimport gateway.c\n",
            "gateway/b.py": "import gateway.c\n",
        },
        {  # what hands on its own files, and those files' own order
            "gateway/room/__init__.py": "from . import a\nfrom .b import x\n",
            "gateway/room/a.py": "from .b import x\nfrom gateway.room import b\n",
            "gateway/room/b.py": "",
        },
        {"gateway/a.py": "import b\nfrom b import x\n", "gateway/b.py": "import a\n"},
        {"gateway/a.py": "import gateway.ab\n", "gateway/ab.py": "import gateway.b\n"},
        {"gateway/a.py": "'''import gateway.b'''\n", "gateway/b.py": "from .a import x\n"},
        {
            "gateway/room/a.py": "from . import json\n",
            "gateway/json.py": "from gateway.room import a\n",
        },
        {"gateway/a.py": "from ..gateway.b import x\n", "gateway/b.py": "from .a import x\n"},
        {"gateway/a.py": "from ....a import x\nfrom .nowhere import x\n"},
    ],
)
def test_what_is_no_circle_passes(made_up, texts):
    texts = {"gateway/b.py": "", "gateway/c.py": ""} | texts
    assert told(made_up(texts)) == []


def test_of_each_tangle_one_shortest_circle_is_told(made_up):
    texts = {
        "gateway/a.py": "import gateway.b\n",
        "gateway/b.py": "import gateway.c\n",
        "gateway/c.py": "import gateway.a\nimport gateway.d\n",
        "gateway/d.py": "import gateway.c\n",
        "gateway/x.py": "import gateway.y\nimport gateway.a\n",
        "gateway/y.py": "import gateway.x\n",
        "gateway/z.py": "import gateway.x\n",
    }
    first, second = told(made_up(texts))
    assert first.startswith(
        "gateway/c.py:2: a circle of 2 files, of 4 that lead to one another: imports gateway/d.py, "
        "gateway/d.py:1 imports gateway/c.py: "
    )
    assert second.startswith("gateway/x.py:1: a circle of 2 files: imports gateway/y.py, ")


def test_a_file_that_imports_itself_is_a_circle(made_up):
    (breach,) = told(made_up({"gateway/a.py": "from gateway.a import x\n"}))
    assert "a circle of 1 files: imports gateway/a.py: " in breach


def test_of_a_name_that_is_half_computed_the_package_counts(made_up):
    texts = {
        "gateway/room/__init__.py": "from gateway.other import x\n",
        "gateway/other.py": "from importlib import import_module\n"
        "def later(name):\n    return import_module(f'gateway.room.{name}')\n",
    }
    (breach,) = told(made_up(texts))
    assert "gateway/other.py:3 imports gateway/room/__init__.py" in breach or (
        breach.startswith("gateway/other.py:3: ")
    )


def test_a_circle_may_lead_through_two_packages(made_up):
    texts = {
        "benchmarks/a.py": "from benchmarks.b import x\n",
        "benchmarks/b.py": "def f():\n    from .a import y\n",
        "gateway/c.py": "from benchmarks import d\n",
        "benchmarks/d.py": "from gateway import c\n",
    }
    first, second = told(made_up(texts))
    assert first.startswith("benchmarks/a.py:1: a circle of 2 files: imports benchmarks/b.py")
    assert second.startswith("benchmarks/d.py:1: a circle of 2 files: imports gateway/c.py")

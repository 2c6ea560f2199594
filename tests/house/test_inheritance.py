"""Every way to name a base class, each as a breach; and what is like it and none."""

import pytest

from tests.house import inheritance

BASE = """\
from typing import Generic, TypeVar
T = TypeVar("T")
class Base(Generic[T]):
    def do(self): ...
    class Inner: ...
"""
USE = "from gateway.a.base import Base\n"
TYPES_ONLY = """\
from typing import TYPE_CHECKING
if TYPE_CHECKING:
    from gateway.a.base import Base
else:
    Base = object
"""


def told(tree):
    return [str(breach) for breach in inheritance.breaches(tree.names)]


def test_a_breach_is_told_with_both_places(made_up):
    tree = made_up(
        {
            "gateway/a/base.py": BASE,
            "gateway/b.py": USE + "class Child(Base): ...\n",
        }
    )
    (breach,) = told(tree)
    assert breach == (
        "gateway/b.py:2: class Child inherits from Base, a concrete class of "
        "gateway/a/base.py:3: let it have one, or bring both into one file"
    )


@pytest.mark.parametrize(
    "child",
    [
        "from gateway.a.base import Base as B\nclass Child(B): ...",
        "from gateway.a import base\nclass Child(base.Base): ...",
        "import gateway.a.base as m\nclass Child(m.Base): ...",
        "import gateway.a.base\nclass Child(gateway.a.base.Base): ...",
        "from .base import Base\nclass Child(Base): ...",
        "from . import base\nclass Child(base.Base): ...",
        "from ..a.base import Base\nclass Child(Base): ...",
        "from .. import a\nclass Child(a.base.Base): ...",
        "from gateway.a.base import *\nclass Child(Base): ...",
        "from gateway.handing_on import Base\nclass Child(Base): ...",
        "from gateway.handing_on import Known\nclass Child(Known): ...",
        "from gateway import handing_on as h\nclass Child(h.Known): ...",
        "from gateway.handing_on.twice import Known\nclass Child(Known): ...",
        USE + "class Child(Base[int]): ...",
        "import gateway.a.base\nclass Child(gateway.a.base.Base[int]): ...",
        USE + "OfInt = Base[int]\nclass Child(OfInt): ...",
        "from gateway.a import base\nBase: type = base.Base\nclass Child(Base): ...",
        USE + "class Child(Base.Inner): ...",
        USE + "class Child(object, Base): ...",
        "import typing\nfrom .base import Base\nclass Child(Base, typing.Protocol): ...",
        "from abc import ABC\nfrom gateway.a.base import Base\nclass Child(ABC, Base): ...",
        USE + "def made():\n    class Child(Base): ...",
        "def made():\n    from gateway.a.base import Base\n    class Child(Base): ...",
        "def made():\n    from .base import Base\n    def inner():\n        class Child(Base): ...",
        USE + "class Outer:\n    class Child(Base): ...",
        "class Outer:\n    from gateway.a.base import Base\n    class Child(Base): ...",
        TYPES_ONLY + "class Child(Base): ...",
        "try:\n    from .base import Base\nexcept ImportError:\n    Base = 1\nclass C(Base): ...",
        "import os\n" + USE + "class Child(Base if os.environ else object): ...",
    ],
)
def test_a_base_class_is_recognised_by_whatever_name(made_up, child):
    tree = made_up(
        {
            "gateway/a/base.py": BASE,
            "gateway/handing_on/__init__.py": "from gateway.a.base import Base as Base\n"
            "from .twice import Known\n",
            "gateway/handing_on/twice.py": "from ..a import base\nKnown = base.Base\n",
            "gateway/a/child.py": child + "\n",
        }
    )
    (breach,) = told(tree)
    assert breach.startswith("gateway/a/child.py:")
    assert "gateway/a/base.py:" in breach


INTERFACES = """\
import abc, enum
from abc import ABC, abstractmethod
from concurrent import futures
from typing import NamedTuple, Protocol, TypedDict, TypeVar
T = TypeVar("T")
class Shape(Protocol):
    def do(self): ...
class ShapeOf(Protocol[T]):
    def do(self): ...
class Abstract(ABC):
    "What there is to do."
    @abstractmethod
    def do(self):
        "Do it."
    @abstractmethod
    def undo(self): raise NotImplementedError("nobody knows how")
class StillAbstract(Abstract):
    def other(self): ...
class AbstractProperty(metaclass=abc.ABCMeta):
    @property
    @abc.abstractmethod
    def value(self): ...
class Words(enum.StrEnum):
    def spoken(self): return self.value
class Row(TypedDict):
    name: str
class UsError(Exception): ...
class FurtherError(UsError): ...
class NotConnected(OSError): ...
class NotInTime(futures.TimeoutError): ...
class Made(Abstract):
    def do(self): ...
    def undo(self): ...
class HalfShape(Protocol):
    def do(self): ...
    def told(self): return 1
class HalfShapeOf(Protocol[T]):
    told = lambda self: 1
class HalfAbstract(ABC):
    @abstractmethod
    def do(self): ...
    def told(self): return 1
class HalfByBirth(ABC):
    def __init__(self): self.done = False
    @abstractmethod
    def do(self): ...
class StillHalf(HalfAbstract):
    def other(self): ...
class AbstractWithCode(ABC):
    @abstractmethod
    def do(self): self.done = True
class HalfOnCondition(Protocol):
    def do(self): ...
    if T:
        async def told(self): return 1
class Pair(NamedTuple):
    one: int
class OnlyNamedAbstract(ABC):
    def do(self): ...
"""


@pytest.mark.parametrize(
    "base",
    [
        *("Shape", "ShapeOf[int]", "Abstract", "StillAbstract", "AbstractProperty", "Words"),
        *("Row", "UsError", "FurtherError", "NotConnected", "NotInTime"),
    ],
)
def test_an_interface_or_an_error_may_be_inherited_from(made_up, base):
    text = f"from gateway import a\nclass Child(a.{base}): ...\n"
    assert told(made_up({"gateway/a.py": INTERFACES, "gateway/b.py": text})) == []


@pytest.mark.parametrize(
    "base",
    [
        *("Made", "Pair", "OnlyNamedAbstract", "HalfShape", "HalfShapeOf[int]", "HalfAbstract"),
        *("HalfByBirth", "StillHalf", "AbstractWithCode", "HalfOnCondition"),
    ],
)
def test_what_carries_out_an_interface_or_half_of_it_is_concrete(made_up, base):
    text = f"from gateway import a\nclass Child(a.{base}): ...\n"
    (breach,) = told(made_up({"gateway/a.py": INTERFACES, "gateway/b.py": text}))
    assert f"class Child inherits from a.{base}" in breach


def test_a_child_of_an_interface_is_concrete_although_its_parent_is_a_protocol(made_up):
    texts = {
        "gateway/a.py": INTERFACES,
        "gateway/b.py": "from gateway.a import Shape\nclass Round(Shape): ...\n",
        "gateway/c.py": "from gateway.b import Round\nclass Ball(Round): ...\n",
    }
    (breach,) = told(made_up(texts))
    assert breach.startswith("gateway/c.py:2: class Ball inherits from Round")


@pytest.mark.parametrize(
    "text",
    [
        "class Base: ...\nclass Child(Base): ...",
        "import argparse\nclass Child(argparse.Action): ...",
        "from click import Group as Base\nclass Child(Base): ...",
        USE + "class Child:\n    def __init__(self):\n        self.base = Base()",
        USE + "class Child(list[Base]): ...",
        USE + "class Child(dict[str, Base], metaclass=type): ...",
        USE + "def mixed(Base):\n    class Child(Base): ...",
        USE + "def f():\n    class Base: ...\n    class Child(Base): ...",
        # A class's own names are unknown to the functions within it.
        "class Outer:\n    from .base import Base\n    def f(self):\n        class C(Base): ...",
        "from gateway.nowhere import Base\nclass Child(Base): ...",
        "from .....far import Base\nclass Child(Base): ...",
        "Base = Base\nclass Child(Base): ...",
    ],
)
def test_what_looks_like_it_passes(made_up, text):
    assert told(made_up({"gateway/a/base.py": BASE, "gateway/a/child.py": text + "\n"})) == []


def test_names_that_lead_round_in_a_circle_end(made_up):
    texts = {
        "gateway/a.py": "from gateway.b import *\nfrom gateway.b import B\n",
        "gateway/b.py": "from gateway.a import *\nfrom gateway.a import B\n",
        "gateway/c.py": "from gateway.a import B, C\nclass D(B): ...\nclass E(C): ...\n",
    }
    assert told(made_up(texts)) == []


def test_a_class_of_the_package_that_is_measured_is_not_inherited_from_either(made_up):
    texts = {
        "gateway/a.py": BASE,
        "benchmarks/b.py": "from gateway.a import Base\nclass Child(Base): ...\n",
    }
    assert len(told(made_up(texts))) == 1

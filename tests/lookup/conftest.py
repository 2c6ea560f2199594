import contextlib
import importlib.util
from pathlib import Path

import pytest


@pytest.fixture
def name_server():
    """A DNS server of one's own: name_server.py tells what it can do."""
    file = Path(__file__).with_name("name_server.py")
    spec = importlib.util.spec_from_file_location("name_server", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    with contextlib.closing(module.NameServer()) as server:
        yield server

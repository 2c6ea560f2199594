import tomllib
from pathlib import Path

import pytest

from gateway import packaged

REPOSITORY = Path(__file__).parent.parent


def test_a_checkout_uses_the_folders_at_its_top():
    assert packaged.policies_directory() == REPOSITORY / "policies"
    assert packaged.default_configuration() == REPOSITORY / "config" / "monition.toml"


def test_what_is_packaged_is_there():
    assert packaged.policies_directory().is_dir()
    assert packaged.default_configuration().is_file()


def test_an_installed_wheel_uses_what_it_carries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "_packaged").mkdir()
    monkeypatch.setattr(packaged, "__file__", str(tmp_path / "packaged.py"))
    assert packaged.policies_directory() == tmp_path / "_packaged" / "policies"
    assert packaged.default_configuration() == tmp_path / "_packaged/config/monition.toml"


def test_the_build_puts_the_files_where_they_are_looked_for():
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())
    carried = project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    assert carried == {
        "policies": "gateway/_packaged/policies",
        "config/monition.toml": "gateway/_packaged/config/monition.toml",
        "config/datasette/metadata.json": "gateway/_packaged/config/datasette/metadata.json",
    }
    for source in carried:
        assert (REPOSITORY / source).exists()

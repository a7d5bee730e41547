"""The version is that of the package."""

import tomllib

from conftest import ROOT
from wslogs.version import VERSION


def test_version() -> None:
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"] == VERSION

"""Where the patterns and templates are."""

from pathlib import Path

import pytest

from conftest import ROOT
from wslogs import resources


def test_a_checkout_has_them_beside_the_package() -> None:
    assert resources.path("patterns") == ROOT / "patterns"
    assert resources.path("reports/templates") == ROOT / "reports" / "templates"


def test_a_wheel_has_them_inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "site" / "wslogs" / "patterns").mkdir(parents=True)
    monkeypatch.setattr(resources, "_PACKAGE", tmp_path / "site" / "wslogs")
    assert resources.path("patterns") == tmp_path / "site" / "wslogs" / "patterns"
    assert resources.path("reports") == tmp_path / "site" / "reports"

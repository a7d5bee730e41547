"""wslogs/parsers/env.py: addresses of a .env, and nothing else of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from conftest import item
from wslogs.bundle import open_bundle
from wslogs.errors import LeakError
from wslogs.parsers import env
from wslogs.parsers.kit import Kit
from wslogs.patterns import load
from wslogs.redact import Vault


def test_addresses_are_kept_and_values_are_secrets(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("# c\nVITE_API_BASE_URL=https://testdomen.uz/api/v1\nJWT_SECRET=9fK2mQ7xT1vB4zR8\n", encoding="utf-8")
    kit = Kit(load(), Vault())
    with open_bundle([tmp_path]) as bundle:
        source, found = env.parse(bundle.items[0], kit)
    assert [(s.name, s.line, s.scheme, s.host, s.path) for s in found] == [("VITE_API_BASE_URL", 2, "https", "testdomen.uz", "/api/v1")]
    assert (source.lines, source.kept) == (3, 1)
    with pytest.raises(LeakError, match=r"value of \.env"):
        kit.vault.check({"report.md": b"said 9fK2mQ7xT1vB4zR8 here"})


def test_a_host_with_its_port_is_no_secret_for_reports_show_it(kit: Kit) -> None:
    env.parse(item("BACKEND=backend1:8000\nKEY=backend1-8000-x\n"), kit)
    kit.vault.check({"report.md": b"proxy_pass http://backend1:8000;"})
    with pytest.raises(LeakError):
        kit.vault.check({"report.md": b"backend1-8000-x"})


def test_what_is_an_env() -> None:
    assert env.is_env(b"A=1\n# c\nexport B=2\n")
    assert not env.is_env(b"INFO:     connection open\nA=1\n")


def test_a_log_of_keys_and_values_is_no_env() -> None:
    assert not env.is_env(b"ts=1795559550.941 status=101\n" * 3)

"""Where patterns/ and reports/ are, in a checkout and in an installed wheel."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def path(name: str) -> Path:
    """The folder or file `name`, such as "patterns" or "reports/templates".

    The wheel carries both folders inside the package; a checkout has them beside it.
    """
    inside = _PACKAGE / name
    return inside if inside.exists() else _PACKAGE.parent / name

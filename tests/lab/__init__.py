"""A small real system (Chromium, nginx, FastAPI) that is broken on purpose and recorded as a bundle with its truth."""

from pathlib import Path

from tests.lab.needs import missing

__all__ = ["missing", "record"]


def record(name: str, into: Path) -> Path:
    """Records the scenario into `into`/NAME, replacing what is there, and returns that folder."""
    # Late, so that `missing` can be asked where the packages are not installed.
    from tests.lab.recording import record as run

    return run(name, into)

"""What the lab needs beside this repository; importable where nothing of it is installed."""

import shutil
from importlib import util
from pathlib import Path

PACKAGES = ("fastapi", "uvicorn", "httptools", "websockets", "cryptography", "jwt", "hypercorn", "gunicorn")
MIME_TYPES = Path("/etc/nginx/mime.types")


def nginx() -> str | None:
    # Debian keeps it out of an ordinary user's PATH.
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")


def chromium() -> str | None:
    names = ("chromium", "chromium-browser", "google-chrome")
    return next((path for name in names if (path := shutil.which(name))), None)


def firefox() -> str | None:
    return next((path for name in ("firefox-esr", "firefox") if (path := shutil.which(name))), None)


def missing() -> list[str]:
    """What is not installed; empty when the lab can run."""
    absent = [name for name, path in (("nginx", nginx()), ("chromium", chromium())) if path is None]
    if not MIME_TYPES.exists():
        absent.append(str(MIME_TYPES))
    return absent + [name for name in PACKAGES if util.find_spec(name) is None]

"""What a program wrote -> a fixture, with the paths and names of the machine it ran on taken out."""

from __future__ import annotations

import json
import socket
import subprocess
import sysconfig
from collections.abc import Mapping
from pathlib import Path

import regex

FIXTURES = Path(__file__).parents[2] / "fixtures"
_HERE = regex.compile(rb"/tmp/wslogs-app-\w+")
_ENVIRONMENT = regex.compile(rb'[^\s"\']+/lib/python3\.\d+/site-packages')
_STANDARD = sysconfig.get_paths()["stdlib"].encode()
_KERNEL = regex.compile(rb"OS: Linux \S+")
PATHS = "paths of the machine rewritten to /srv/app and /usr/local/lib, its kernel to 6.1.0-28-amd64"


def cleaned(raw: bytes) -> bytes:
    raw = _ENVIRONMENT.sub(b"/usr/local/lib/python3.11/site-packages", raw)
    raw = _HERE.sub(b"/srv/app", raw.replace(_STANDARD, b"/usr/local/lib/python3.11"))
    raw = _KERNEL.sub(b"OS: Linux 6.1.0-28-amd64", raw)
    return raw.replace(socket.gethostname().encode(), b"web1")


def keep(name: str, files: Mapping[str, bytes], *, input: str, writer: str, story: str, made: str = "recorded", source: str = "") -> None:
    """Writes tests/fixtures/NAME; expected.txt is left to `pytest --accept`."""
    folder = FIXTURES / name
    (folder / "bundle").mkdir(parents=True, exist_ok=True)
    for path, raw in files.items():
        (folder / "bundle" / path).write_bytes(cleaned(raw))
    rows = {"input": input, "writer": writer, "made": made, **({"source": source} if source else {}), "story": story}
    # A JSON string without escapes beyond ASCII is a TOML string as well.
    text = "".join(f"{key} = {json.dumps(value, ensure_ascii=False)}\n" for key, value in rows.items())
    (folder / "origin.toml").write_text(text, "utf-8", newline="\n")
    print(name, *(f"{path}: {raw.count(bytes([10]))} lines" for path, raw in files.items()))


def versions(python: Path, *packages: str) -> str:
    """`uvicorn 0.54.0, websockets 17.4` of a virtual environment."""
    code = f"from importlib.metadata import version; print(', '.join(f'{{p}} {{version(p)}}' for p in {packages!r}))"
    return subprocess.run([python, "-c", code], check=True, capture_output=True, text=True, timeout=60).stdout.strip()

""".env -> the addresses in it; every other value is a secret that ends here."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass

import regex
from dotenv.parser import parse_stream

from wslogs.bundle import Item
from wslogs.model import Source, Tier
from wslogs.parsers.kit import Kit
from wslogs.paths import configured

_LINE = regex.compile(rb"\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_.]*)\s*=")
_ADDRESS = regex.compile(
    r"(?i)(?:[a-z][a-z+]{1,20}://)?[\w.-]{1,253}:\d{1,5}(?:/[\w./-]*)?|[a-z][a-z+]{1,20}://[\w.-]{1,253}(?:/[\w./-]*)?|\.{0,2}/[\w./-]*"
)
SECRET = regex.compile(r"(?i)passw|pwd|secret|token|key|private|credential|salt|pepper")
"""Names whose values are secrets whatever they look like."""
_PASSWORD = regex.compile(r"(?i)passw|pwd|passphrase")
_MOST = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One address set in a .env, such as VITE_API_BASE_URL."""

    source: str
    line: int
    name: str
    scheme: str | None
    host: str | None
    path: str | None


def is_address(value: str) -> bool:
    """Whether a value is a plain address or path: such stand in reports, as in the lines of nginx.conf, and are no secrets."""
    return _ADDRESS.fullmatch(value) is not None


def is_env(head: bytes) -> bool:
    """Whether most lines are settings, and not one name over and over as in a log."""
    lines = [line for line in head.splitlines() if line.strip() and not line.lstrip().startswith(b"#")]
    names = [found[1] for line in lines if (found := _LINE.match(line)) is not None]
    return bool(lines) and len(names) * 10 >= len(lines) * 8 and len(set(names)) * 2 >= len(names)


def parse(item: Item, kit: Kit) -> tuple[Source, list[Setting]]:
    """Settings whose value is an http(s) or ws(s) URL or a path, in file order."""
    with item.open() as stream:
        raw = stream.read(_MOST)
    source = Source(path=item.path, kind="env", tier=Tier.CONFIG, sha256=hashlib.sha256(raw).hexdigest())
    source.lines = len(raw.splitlines())
    found, bad = [], 0
    for binding in parse_stream(io.StringIO(raw.decode("utf-8", "replace"))):
        value = binding.value or ""
        if binding.error:
            bad += 1
        elif binding.key and regex.match(r"(?i)(?:https?|wss?)://", value):
            url = kit.vault.url(value)
            kit.named |= configured(url.path or "")
            found.append(
                Setting(source=item.path, line=binding.original.line, name=binding.key, scheme=url.scheme, host=url.host, path=url.path)
            )
        elif binding.key and value.startswith("/"):
            kit.named |= configured(value)
            found.append(
                Setting(
                    source=item.path, line=binding.original.line, name=binding.key, scheme=None, host=None, path=kit.vault.url(value).path
                )
            )
        elif value and (not is_address(value) or SECRET.search(binding.key or "")):
            kit.vault.secret(value, "value of .env", password=_PASSWORD.search(binding.key or "") is not None)
            kit.vault.learn(value)
    source.recognised, source.kept = source.lines - bad, len(found)
    return source, found

"""A bundle with every free text of it replaced by random words of small letters, or with such words added where text stands."""

from __future__ import annotations

import json
import random
import re
import string
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_KEPT_KEYS = {
    "startedDateTime", "method", "httpVersion", "url", "type", "_resourceType", "mimeType", "version", "pageref", "id", "_securityState",
    "name", "text", "serverIPAddress",
}  # fmt: skip
"""Keys of a HAR whose values are read as closed types, or are taken apart below."""
_KEPT_HEADERS = {"upgrade", "connection", "date", "host", "origin", "server", "age", "x-cache", "sec-websocket-version"}
_QUERY = re.compile(r"(?<=[?&])([\w%.\[\]-]+)=([^&\s\"'<>]*)")
_AGENT = re.compile(r"(?<=\")Mozilla[^\"]*(?=\")")
_SETTING = re.compile(r"(?m)^(\w+)=(?!.*(?:://|^/))([^\n]*[A-Za-z]{4}[^\n]*)$")
_WORDS = re.compile(r"(?<=\()[a-z]+ [a-z ]+(?=\))")


@dataclass(slots=True)
class Replacer:
    """Makes random words, and remembers them."""

    seed: int
    made: list[str] = field(default_factory=list)
    random: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)

    def word(self, *_: object) -> str:
        self.made.append("".join(self.random.choice(string.ascii_lowercase) for _ in range(14)))
        return self.made[-1]

    def text(self, content: str) -> str:
        """A log: other query values and agents, and a random word at the end of lines."""
        content = _QUERY.sub(lambda found: f"{found[1]}={self.word()}", content)
        content = _AGENT.sub(lambda _: f"Mozilla/5.0 ({self.word()})", content)
        lines = content.split("\n")
        return "\n".join(f"{line} {self.word()}" if line[:1].strip() and n % 3 == 0 else line for n, line in enumerate(lines))

    def rows(self, content: str) -> str:
        """A log of rows: other query values, agents, referrers and users."""
        content = _QUERY.sub(lambda found: f"{found[1]}={self.word()}", content)
        content = _AGENT.sub(lambda _: f"Mozilla/5.0 ({self.word()})", content)
        content = re.sub(r" - - \[", lambda _: f" - {self.word()} [", content)
        return content + f"{self.word()} {self.word()}\n"

    def conf(self, content: str) -> str:
        content = re.sub(
            r"(?m)^(\s*)proxy_pass ", lambda found: f"{found[1]}proxy_set_header X-Made {self.word()}; # {self.word()}\n{found[0]}", content
        )
        return re.sub(r"(?m)^(\s*)server_name ", lambda found: f"{found[1]}set $made {self.word()};\n{found[0]}", content)

    def env(self, content: str) -> str:
        return _SETTING.sub(lambda found: f"{found[1]}={self.word()}", content) + f"\nTITLE={self.word()}\nPASSWORD={self.word()}\n"

    def har(self, content: str) -> str:
        try:
            return json.dumps(self._value(json.loads(content), ""), indent=2)
        except ValueError:
            return content

    def _value(self, value: Any, key: str) -> Any:
        if isinstance(value, dict):
            header = str(value.get("name", "")).lower()
            keep = "value" in value and header in _KEPT_HEADERS
            failed = value.get("type") == "error"
            return {
                k: v if keep and k == "value" else f"{v} {self.word()}" if failed and k == "data" else self._value(v, k)
                for k, v in value.items()
            } | ({self.word(): self.word()} if self.random.random() < 0.1 else {})
        if isinstance(value, list):
            return [self._value(one, key) for one in value]
        if not isinstance(value, str):
            return value
        if key == "url":
            return _QUERY.sub(lambda found: f"{found[1]}={self.word()}", value)
        if key in ("_error", "_failureText"):
            return f"{value} {self.word()}"
        return value if key in _KEPT_KEYS and key != "text" else self.word()


def replaced(files: Mapping[str, bytes], seed: int) -> tuple[dict[str, bytes], list[str]]:
    """(the files with other texts, the random words in them)."""
    one, made = Replacer(seed), dict[str, bytes]()
    for name, raw in sorted(files.items()):
        text, last = raw.decode("utf-8", "replace"), name.rpartition("/")[2]
        if last.endswith(".har"):
            text = one.har(text)
        elif last.endswith(".conf"):
            text = one.conf(text)
        elif last == ".env":
            text = one.env(text)
        elif "access" in last:
            text = one.rows(text)
        else:
            text = one.text(text)
        made[name] = text.encode()
    return made, one.made

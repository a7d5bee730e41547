"""docker-compose.yml -> services, what they listen on and publish; every other value is a secret that ends here.

Read with PyYAML: well kept, wheels for Linux, macOS and Windows, and `yaml.compose` gives nodes with their lines and
shares what an alias names instead of copying it, so that a bomb of aliases costs nothing. msgspec's YAML is PyYAML too, without
lines; ruamel.yaml is written for editing files and keeps more than is wanted here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

import regex

from wslogs.bundle import Item
from wslogs.model import Event, Source, Tier, What
from wslogs.parsers.env import is_address
from wslogs.parsers.kit import Kit

_MOST = 256 << 10
"""A larger file is none that somebody wrote; reading YAML is slow."""
DEEP = 20
_HEAD = regex.compile(rb"(?m)^services:[ \t]*(?:#[^\n]*)?\r?$\n(?:[ \t]*(?:#[^\n]*)?\r?\n)*[ \t]+[\w.-]+:")
PLAIN = frozenset({
    "image", "ports", "expose", "container_name", "hostname", "network_mode", "depends_on", "restart", "networks", "volumes", "env_file",
    "working_dir", "profiles",
})  # fmt: skip
"""Keys of a service whose values are no secrets."""
_LISTENS = regex.compile(r"--(?:host|bind|address|interface)[= ](?P<host>[\w.:\[\]]{2,45})|-b (?P<host>[\w.\[\]]{2,45})")
_PORT = regex.compile(
    r"^(?:(?P<address>\d{1,3}(?:\.\d{1,3}){3}):)?(?:(?P<published>\d{1,5})(?:-\d{1,5})?:)?(?P<target>\d{1,5})(?:-\d{1,5})?(?:/\w+)?$"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One service of a compose file."""

    source: str
    line: int
    names: tuple[str, ...]
    """What other containers call it: service, container_name, hostname."""
    is_nginx: bool
    on_host: bool
    """Whether it shares the host's network (network_mode: host)."""
    listens: str | None
    """The address in its command, such as `--host 127.0.0.1`; None: the command names none."""
    published: tuple[int, ...]
    """Ports of the host that lead to it."""

    def shown(self) -> str:
        """What a report may show of it."""
        ports = "".join(f" {port}" for port in self.published)
        return "a service" + (" of nginx" if self.is_nginx else "") + (f", published at{ports}" if ports else "")


def is_compose(head: bytes) -> bool:
    """Whether a file has services as compose writes them."""
    return _HEAD.search(head) is not None


def parse(item: Item, kit: Kit) -> tuple[Source, list[Event], list[Service]]:
    """A source with one event of each service. Values that may be secrets are made known to the vault."""
    import yaml  # few bundles hold a compose file

    with item.open() as stream:
        raw = stream.read(_MOST)
    source = Source(path=item.path, kind="compose", tier=Tier.CONFIG, sha256=hashlib.sha256(raw).hexdigest())
    source.lines = raw.count(b"\n") + (not raw.endswith(b"\n"))
    try:
        root = yaml.compose(raw.decode("utf-8", "replace"), Loader=yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError, ValueError):
        source.notes.append("it is not YAML that can be read")
        for line in raw.decode("utf-8", "replace").splitlines():
            _hide_value(line, kit)
        return source, [], []
    services = list(_services(root, source.path, kit))
    source.recognised, source.kept = source.lines, len(services)
    events = [
        Event(source=s.source, line=s.line, tier=Tier.CONFIG, what=What.NOTE, host=s.names[0], upstream=s.listens, excerpt=s.shown())
        for s in services
    ]
    return source, events, services


def _services(root: object, path: str, kit: Kit) -> Iterator[Service]:
    for key, node in _pairs(root):
        if key != "services":
            _hide(node, kit, set())
            continue
        for name, body in _pairs(node):
            yield _service(name, body, path, kit)


def _service(name: str, body: object, path: str, kit: Kit) -> Service:
    parts = dict(_pairs(body))
    for key, node in parts.items():
        if key not in PLAIN:
            _hide(node, kit, set())
    image = _text(parts.get("image"))
    command = " ".join((*_texts(parts.get("command")), *_texts(parts.get("entrypoint"))))
    found = _LISTENS.search(command)
    return Service(
        source=path, line=_line(body), names=(name, *_texts(parts.get("container_name")), *_texts(parts.get("hostname"))),
        is_nginx=bool(regex.search(r"(?:^|/)nginx(?:[-:@]|$)", image)) or name == "nginx",
        on_host=_text(parts.get("network_mode")) == "host", listens=found["host"].lower() if found else None,
        published=tuple(_published(parts.get("ports"))),
    )  # fmt: skip


def _published(node: object) -> Iterator[int]:
    value = getattr(node, "value", None)
    for part in value if isinstance(value, list) else ():
        if (found := _PORT.match(_text(part))) is not None and found["published"]:
            yield int(found["published"])
        for key, port in _pairs(part):
            if key == "published" and _text(port).isdecimal():
                yield int(_text(port)[:5])


def _line(node: object) -> int:
    """1-based: where the body of a mapping begins, or the line above for what stands in a block below its key."""
    mark = getattr(node, "start_mark", None)
    return (mark.line + (mark.column == 0)) if mark is not None and mark.line else 1


def _pairs(node: object) -> list[tuple[str, object]]:
    """Keys and nodes of a mapping; none of anything else."""
    import yaml

    return [(_text(key), value) for key, value in node.value] if isinstance(node, yaml.MappingNode) else []


def _text(node: object) -> str:
    value = getattr(node, "value", None)
    return value if isinstance(value, str) else ""


def _texts(node: object) -> list[str]:
    value = getattr(node, "value", None)
    return (
        [value]
        if isinstance(value, str) and value
        else [_text(one) for one in value]
        if isinstance(value, list) and not _pairs(node)
        else []
    )


def _hide_value(value: str, kit: Kit) -> None:
    """Word by word: a command holds addresses, which are no secrets, beside what may be one."""
    for word in regex.split(r"[\s,;\"'=]+", value):
        if "://" in word:
            kit.vault.url(word)
        elif not is_address(word):
            kit.vault.secret(word, "value of docker-compose.yml")


def _hide(node: object, kit: Kit, seen: set[int], depth: int = 0) -> None:
    """Makes every value below a node known to the vault, each node once."""
    if id(node) in seen or depth > DEEP:
        return
    seen.add(id(node))
    value = getattr(node, "value", None)
    if isinstance(value, str):
        _hide_value(value, kit)
    for part in value if isinstance(value, list) else ():
        for one in part if isinstance(part, tuple) else (part,):
            _hide(one, kit, seen, depth + 1)

"""collect() -> a clean bundle of this Linux host: the last chapter of the guide, done by one command. Nothing leaves the machine."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import regex

from wslogs.bundle import Bundle, Item
from wslogs.cleaning import Cleaned, clean, packing
from wslogs.cleaning.texts import LOOSEST, Texts
from wslogs.collecting import window
from wslogs.collecting.programs import Said, run
from wslogs.errors import BundleError
from wslogs.evidence import Progress
from wslogs.labels import label
from wslogs.manifest import HEAD
from wslogs.parsers import conf_files, nginx_conf
from wslogs.patterns import load
from wslogs.streams import Limit

NAME = "COLLECTED.md"
_MOST_ROTATED = 20
_PACKED = (".gz", ".zst", ".xz", ".bz2")
_BUILT = regex.compile(r"--(conf-path|error-log-path|http-log-path|prefix)=(\S+)")
_FIREWALL_LOGS = ("/var/log/ufw.log", "/var/log/kern.log")
_RULES = {"ufw": ("ufw", "status", "verbose"), "nft": ("nft", "list", "ruleset"), "iptables": ("iptables", "-S")}
_ABOUT = {
    "clock, UTC": ("date", "-u", "+%Y-%m-%dT%H:%M:%SZ"), "clock and zone": ("date", "+%Y-%m-%dT%H:%M:%S%z %Z"),
    "timedatectl": ("timedatectl",),
    "system": ("uname", "-sr"), "docker": ("docker", "--version"),
}  # fmt: skip
_RULE_WORDS = frozenset(
    regex.findall(
        r"\w+",
        """
input output forward prerouting postrouting accept drop reject return log policy chain table type filter hook priority dport sport dports
sports tcp udp icmp icmpv6 state established related new invalid conntrack ctstate multiport match counter packets bytes ip ip6 inet iifname
oifname saddr daddr status active inactive logging low medium high full default incoming outgoing routed disabled deny allow limit anywhere
action universal rtc ntp service synchronized system clock local zone linux utc
""",
    )
)
"""What rules of a firewall, and the clock, are told with."""
_BROWSER = (
    "1. Open the page, press F12, choose Network, tick \"Preserve log\", and let the WebSocket fail once.",
    "2. Network: \"Export HAR\"; Console: right click, \"Save as...\". A HAR holds cookies: hand it on through `wslogs redact`.",
    "3. Put both beside this bundle and run `wslogs analyze bundle.tar.gz browser.har console.log`.",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What to collect. `since` is epoch seconds."""

    since: float
    nginx: bool = True
    unit: str | None = None
    compose: Path | None = None
    app_logs: Sequence[Path] = ()
    env: Path | None = None


@dataclass(slots=True)
class Collected:
    """What was taken and what was not, for COLLECTED.md and the terminal."""

    items: list[Item] = field(default_factory=list)
    taken: list[tuple[str, str, str]] = field(default_factory=list)
    """(label, from where, note)."""
    lacking: list[tuple[str, str]] = field(default_factory=list)
    """(what, why it was not taken)."""
    about: list[tuple[str, str]] = field(default_factory=list)
    """(what, what was said) of the host, for a person."""
    cleaned: Cleaned = field(default_factory=Cleaned)

    def add(self, name: str, said: Said, source: str) -> None:
        """What a program said, as a file."""
        if said.out.strip():
            self.items.append(Item.of(self._free(name), said.out))
            self.taken.append((self.items[-1].path, source, said.why))
        else:
            self.lacking.append((source, said.why or "it said nothing"))

    def log(self, name: str, path: Path, since: float, told: window.Clock) -> None:
        """The part of a log that the window needs, and what was rotated out of it within the window."""
        rotated = sorted(path.parent.glob(f"{_escaped(path.name)}[.-]*"))[:_MOST_ROTATED] if path.parent.is_dir() else []
        for one in (path, *rotated):
            try:
                if one is not path and (not one.is_file() or one.stat().st_mtime < since):
                    continue
                packed = one.name.endswith(_PACKED)
                taken = window.Part(0, one.stat().st_size, "packed, so not cut by time") if packed else window.part(one, since, told)
            except OSError as error:
                self.lacking.append((str(one), f"cannot be read: {error.strerror or error.__class__.__name__}"))
                continue
            size = taken.last - taken.first
            if not size and one is not path:
                continue
            free = self._free(name + one.name.removeprefix(path.name))
            self.items.append(Item(path=free, size=size, opener=partial(window.reader, one, taken), limit=Limit.of(size)))
            self.taken.append((free, str(one), taken.note or (f"from byte {taken.first} on" if taken.first else "")))

    def file(self, name: str, path: Path) -> None:
        """A small file, whole."""
        try:
            with window.opened(path) as stream:
                self.add(name, Said(stream.read(1 << 20)), str(path))
        except OSError as error:
            self.lacking.append((str(path), f"cannot be read: {error.strerror or error.__class__.__name__}"))

    def _free(self, name: str) -> str:
        """A label that no other file has."""
        names, wanted, count = {item.path for item in self.items}, label(name), 1
        while wanted in names:
            count += 1
            wanted = label(f"{count}/{name}")
        return wanted

    def manifest(self, texts: Texts) -> bytes:
        """COLLECTED.md; what programs said of the host is cleaned as a line of a log is."""
        rows = [HEAD, "", "# Collected by wslogs", "", "Taken, and cleaned as REDACTED.md tells:", ""]
        rows += [f"- {name}: {texts.line(source, LOOSEST, equal=True)}{f' ({note})' if note else ''}" for name, source, note in self.taken]
        rows += ["", "Not taken:", "", *(f"- {texts.line(what, LOOSEST, equal=True)}: {why}" for what, why in self.lacking)]
        rows += ["", "To be added from the browser, which no server can tell:", "", *_BROWSER, ""]
        for what, said in self.about:
            rows += [f"## {what}", "", *(f"    {_told(line, texts)}" for line in said.splitlines()), ""]
        return packing.text(rows)


def _told(line: str, texts: Texts) -> str:
    """A line of what a program said of the host, word by word."""
    words = regex.split(r"(\s+)", line)
    return "".join(word if word.strip("-:,;{}()[]!").lower() in _RULE_WORDS else texts.line(word, LOOSEST, equal=True) for word in words)


def collect(wanted: Wanted, out: Path, *, addresses: bool = False, progress: Progress | None = None) -> Collected:
    """Takes what this host has of the window and writes it, cleaned, to `out`.

    BundleError when the host is no Linux, when nothing at all could be read, or `out` cannot be written; LeakError as redact().
    """
    if not sys.platform.startswith("linux"):
        raise BundleError("collect", "works on a Linux host alone", "put the files into a folder and use `wslogs redact`")
    told, made = window.clock(load()), Collected()
    with packing.target(out, ()) as target:
        if wanted.nginx:
            _nginx(wanted, made, told)
        for path in wanted.app_logs:
            made.log(f"app/{path.name}", path.absolute(), wanted.since, told)
        _services(wanted, made)
        if wanted.env is not None:
            made.file(".env", wanted.env)
        _host(wanted, made, told)
        if not made.items:
            why = "; ".join(f"{what}: {reason}" for what, reason in made.lacking[:4])
            raise BundleError("collect", f"nothing could be taken ({why})", "say --app-log, --unit or --compose, or run it as root")
        bundle = Bundle("collected", sorted(made.items, key=lambda item: item.path), [])
        made.cleaned = clean(bundle, target, addresses=addresses, progress=progress, beside={NAME: made.manifest})
        target.move()
    return made


def _nginx(wanted: Wanted, made: Collected, told: window.Clock) -> None:
    """The configuration that runs, the version, and the logs that it names."""
    built = run(("nginx", "-V"), errors=True)
    made.add("nginx-version.txt", Said(built.out.split(b"\n")[0] + b"\n" if built.out else b"", built.why), "nginx -V")
    places = dict(_BUILT.findall(built.text))
    dump, known = run(("nginx", "-T")), len(made.items)
    conf = places.get("conf-path")
    if b"# configuration file " not in dump.out and conf is not None:
        made.lacking.append(("nginx -T", dump.why or "it said nothing"))
        made.file("nginx.conf", Path(conf))
        for path in _included(Path(conf)):
            made.file(f"nginx/{path.parent.name}/{path.name}", path)
    else:
        made.add("nginx.conf", dump, "nginx -T")
    for path in _logs(made.items[known:], places):
        made.log(f"nginx/{path.name}", path, wanted.since, told)


def _logs(confs: Sequence[Item], places: dict[str, str]) -> list[Path]:
    """The logs that the configuration names, and those that nginx writes where it names none."""
    found: dict[Path, None] = {}
    prefix = Path(places.get("prefix", "/etc/nginx"))
    directives = [d for item in confs for d in nginx_conf.walk(conf_files.parse(item)[1].directives)]
    for directive in directives:
        if directive.name in ("access_log", "error_log") and directive.args:
            name = directive.args[0]
            if name not in ("off", "stderr") and not name.startswith(("syslog:", "memory:")) and "$" not in name:
                found[prefix / name] = None
    for name, option in (("access_log", "http-log-path"), ("error_log", "error-log-path")):
        if option in places and not any(d.name == name for d in directives):
            found[prefix / places[option]] = None
    return [path for path in found if str(path) != "/dev/null"]


def _included(conf: Path) -> Iterator[Path]:
    """Files that a main configuration file includes, one level deep."""
    try:
        text = conf.read_text("utf-8", "replace")
    except OSError:
        return
    for pattern in regex.findall(r"(?m)^\s*include\s+([^\s;]+);", text):
        whole = conf.parent / pattern
        if whole.name != "mime.types" and whole.parent.is_dir():
            yield from sorted(whole.parent.glob(whole.name))[:100]


def _services(wanted: Wanted, made: Collected) -> None:
    """What a unit of systemd and the services of a compose file wrote."""
    if wanted.unit is not None:
        begin = f"--since=@{wanted.since:.0f}"
        made.add(
            "journal.log", run(("journalctl", "-u", wanted.unit, "-o", "short-iso-precise", "--utc", "--no-pager", begin)), "journalctl"
        )
    if wanted.compose is not None:
        begin = datetime.fromtimestamp(wanted.since, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        compose = ("docker", "compose", "-f", str(wanted.compose.absolute()))
        made.add("compose.log", run((*compose, "logs", "--timestamps", "--no-color", "--since", begin)), "docker compose logs")
        made.add("docker-compose-ps.txt", run((*compose, "ps", "-a")), "docker compose ps")
        made.file("docker-compose.yml", wanted.compose)


def _host(wanted: Wanted, made: Collected, told: window.Clock) -> None:
    """What listens, what the firewall lets through and dropped, versions and clocks."""
    made.add("ss.txt", run(("ss", "-ltnp")), "ss -ltnp")
    for place in map(Path, _FIREWALL_LOGS):
        if place.exists():
            made.log(place.name, place, wanted.since, told)
    for what, argv in (*_RULES.items(), *_ABOUT.items()):
        said = run(argv)
        if said.out.strip():
            made.about.append((what, said.text[: 256 << 10]))
        else:
            made.lacking.append((" ".join(argv), said.why or "it said nothing"))


def _escaped(name: str) -> str:
    return regex.sub(r"([*?\[])", r"[\1]", name)

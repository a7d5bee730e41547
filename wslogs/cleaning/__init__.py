"""redact(bundle) -> the same bundle, safe to hand over: what is read of it stays, made of what may stand and of pseudonyms."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from wslogs.bundle import Bundle, Item, open_bundle
from wslogs.cleaning import packing
from wslogs.cleaning.browser import Browser
from wslogs.cleaning.logs import Logs
from wslogs.cleaning.pseudonyms import Pseudonyms
from wslogs.cleaning.settings import Settings, hosts
from wslogs.cleaning.texts import Texts
from wslogs.detection import kind_of
from wslogs.errors import BundleError
from wslogs.evidence import Evidence, Progress, read
from wslogs.manifest import HEAD, NAME
from wslogs.parsers import nginx_conf
from wslogs.parsers.certificates import is_certificates
from wslogs.parsers.kinds import KINDS
from wslogs.parsers.kit import Kit, decode
from wslogs.patterns import load
from wslogs.redact import Vault
from wslogs.remote import is_address

_LEFT_OUT = {
    "unknown": "what it is was not understood", "binary": "it is no text", "foreign": "it is a log that is not read yet",
    "unreadable": "it cannot be read", "archive": "it is an archive in the bundle",
}  # fmt: skip
_PUBLIC = ("x" * 64, "X" * 64, "0" * 64, "\\x00" * 16)
"""What stands for letters and digits of free text."""


@dataclass(slots=True)
class Cleaned:
    """What became of a bundle."""

    files: list[tuple[str, str, str]] = field(default_factory=list)
    """(label, kind, what was done) of each file that was written, in their order."""
    left_out: list[tuple[str, str]] = field(default_factory=list)
    """(label, why) of each that was not."""
    values: int = 0
    """Different values that have a pseudonym."""
    changed: int = 0
    """Lines that are read otherwise than before."""

    def manifest(self) -> bytes:
        """REDACTED.md."""
        rows = [HEAD, "", "# Redacted by wslogs", ""]
        rows += [
            "Values, ids and unknown names are pseudonyms: equal ones are equal in all files. Times and line numbers are as they were.",
            "",
        ]
        rows += [
            "| file | read as | what was done |",
            "| --- | --- | --- |",
            *(f"| {_cell(a)} | {b} | {c} |" for a, b, c in self.files),
            "",
        ]
        rows += (
            ["Left out:", "", *(f"- {_cell(label)}: {why}" for label, why in self.left_out), ""]
            if self.left_out
            else ["Nothing was left out.", ""]
        )
        rows += [f"{self.values} different values were replaced."]
        rows += [f"{self.changed} lines may be read otherwise than before: they hung on words that may not stay."] if self.changed else []
        return packing.text(rows)


def _cell(text: str) -> str:
    return text.replace("|", "/").replace("`", "'")


def redact(
    paths: Sequence[str | Path], out: Path, *, addresses: bool = False, patterns: Sequence[Path] = (), progress: Progress | None = None
) -> Cleaned:
    """Writes a clean copy of a bundle, given as for analyze(), into a folder, or a .tar.gz where `out` ends so.

    `addresses`: those of clients stay.

    BundleError when nothing can be read or written; LeakError, and nothing written, when a part of a secret would have stood there.
    """
    given = [path if isinstance(path, str) and is_address(path) else Path(path) for path in paths]
    here = [path for path in given if isinstance(path, Path)]
    with packing.target(out, here) as target, open_bundle(given) as bundle:
        cleaned = clean(bundle, target, addresses=addresses, patterns=patterns, progress=progress)
        target.move()
    return cleaned


def clean(
    bundle: Bundle,
    target: packing.Target,
    *,
    addresses: bool = False,
    patterns: Sequence[Path] = (),
    progress: Progress | None = None,
    beside: Mapping[str, Callable[[Texts], bytes]] | None = None,
) -> Cleaned:
    """Fills a target with the clean files of a bundle and their manifest, looked through for secrets.

    `beside`: further files for people, by their names, made with what cleans texts.
    """
    kit = Kit(load(*patterns), Vault())
    evidence = read(bundle, kit)
    if not evidence.sources:
        raise BundleError(bundle.name, "nothing in it could be understood", "add nginx logs, a HAR, a console export or the app's log")
    names = Pseudonyms(kit.vault, addresses)
    labels = {part for item in bundle.items for part in item.path.split("/")}
    texts = Texts(kit, names, known_hosts(evidence), labels)
    cleaner = _Cleaner(kit, texts, set(evidence.conf.texts) if evidence.conf is not None else set())
    made = Cleaned(left_out=list(bundle.skipped))
    for place, item in enumerate(bundle.items):
        if progress is not None:
            progress(item.path, place, len(bundle.items))
        kind, content, done = cleaner.file(item)
        if kind == "manifest":
            continue
        if item.path in (NAME, *(beside or {})):
            content, done = None, "its name is that of what wslogs tells of the bundle"
        if content is None:
            made.left_out.append((item.path, done))
        else:
            target.write(item.path, content)
            made.files.append((item.path, kind, done))
    for name, write in (beside or {}).items():
        target.write(name, [write(texts)])
    made.values, made.changed = len(names.known), cleaner.logs.changed
    target.write(NAME, [made.manifest()])
    target.check(kit.vault, {*_PUBLIC, *texts.public, *labels, *names.known.values()})
    return made


def known_hosts(evidence: Evidence) -> set[str]:
    """Names that the bundle uses for servers: dialled, configured, certified."""
    told: list[str | None] = [host for e in (*evidence.events, *evidence.others) for host in (e.host, _host(e.page))]
    told += [setting.host for setting in evidence.settings]
    told += [name.removeprefix("*.") for one in evidence.certificates for name in one.names]
    told += [name for one in evidence.services for name in one.names]
    for directive in nginx_conf.walk(evidence.conf.directives if evidence.conf is not None else []):
        if directive.name in ("server_name", "upstream"):
            told += directive.args
        elif directive.name in ("proxy_pass", "server") and directive.args:
            told.append(_host(directive.args[0]) or directive.args[0])
    return {name for name in hosts(told) if len(name) > 1}


def _host(url: str | None) -> str | None:
    try:
        return urlsplit(url or "").hostname
    except ValueError:
        return None


class _Cleaner:
    """One file -> its clean content."""

    def __init__(self, kit: Kit, texts: Texts, confs: set[str]) -> None:
        self._kit, self._confs = kit, confs
        self.logs, self._settings, self._browser = Logs(kit, texts), Settings(texts), Browser(kit, texts)

    def file(self, item: Item) -> tuple[str, Iterable[bytes] | None, str]:
        """(its kind, its content or None where it is left out, what was done with it or why not)."""
        kind, programs = kind_of(item, self._kit)
        if kind == "manifest":
            return kind, None, ""
        if item.path in self._confs:
            kind = "nginx-conf"
        if kind in _LEFT_OUT:
            return kind, None, _LEFT_OUT[kind]
        if kind == "empty":
            return kind, [], "it is empty"
        if kind in KINDS:
            return kind, self._lines(item, programs), "line for line: known words, numbers and times stay"
        return self._whole(item, kind)

    def _lines(self, item: Item, programs: Mapping[str, str]) -> Iterator[bytes]:
        yield from self.logs.lines(item, programs)

    def _whole(self, item: Item, kind: str) -> tuple[str, Iterable[bytes] | None, str]:
        if kind == "netlog":
            with item.open() as stream:
                return kind, list(self._browser.netlog(stream)), "made anew from times, kinds and errors of its events"
        with item.open() as stream:
            raw = stream.read()
        ways: dict[str, tuple[Callable[[], str | None], str]] = {
            "har": (lambda: self._browser.har(raw), "made anew: no bodies, no cookies, no messages, few headers"),
            "testpage": (lambda: self._browser.testpage(raw), "made anew from addresses, times and codes"),
            "env": (lambda: self._settings.env(decode_all(raw)), "names stay; values where they are numbers, flags, addresses"),
            "compose": (lambda: self._settings.compose(decode_all(raw)), "services, images, ports stay"),
            "nginx-conf": (lambda: self._settings.conf(decode_all(raw)), "directives, hosts, numbers and known words stay"),
            "nginx-version": (lambda: self.logs.text(decode_all(raw), {"": "probe"}), "known words and numbers stay"),
            "certificate": (lambda: self._settings.certificates(decode_all(raw)), "certificates stay; private keys do not"),
        }
        if kind == "certificate" and raw.startswith(b"\x30\x82") and is_certificates(raw):
            return kind, [raw], "a certificate, as it is"
        make, done = ways[kind]
        made = make()
        return (kind, None, "it is of no form that can be read") if made is None else (kind, [made.encode("utf-8", "replace")], done)


def decode_all(raw: bytes) -> str:
    """A file as text, as decode() reads each line of it."""
    return "".join(decode(line.rstrip(b"\r\n")) + ("\n" if line.endswith(b"\n") else "") for line in raw.splitlines(keepends=True))

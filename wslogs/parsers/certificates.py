"""PEM and DER certificates -> who they are for and how long; a private key beside them ends here, unread.

Read with `cryptography`: its X.509 reader is memory-safe (Rust), kept up, and has wheels for Linux, macOS and Windows. The
lighter asn1crypto has had no release since 2022, and the standard library reads a certificate only through private names.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import regex

from wslogs.bundle import Item
from wslogs.model import Event, Source, Tier, What
from wslogs.parsers.kit import Kit
from wslogs.times import iso

if TYPE_CHECKING:
    from cryptography.x509 import Certificate as X509

_MOST = 4 << 20
_MOST_CERTIFICATES = 300
"""Of one file: the store of all public authorities holds half of that."""
_BEGIN = regex.compile(rb"(?m)^-----BEGIN ((?:TRUSTED )?CERTIFICATE|X509 CERTIFICATE|[A-Z0-9 ]{0,30}PRIVATE KEY)-----")
_BLOCK = regex.compile(
    rb"(?m)^-----BEGIN (?P<label>[A-Z0-9 ]{1,40})-----[\r\n]+(?P<body>[^-]{1,100000})-----END (?P=label)-----"
    rb"|^-----BEGIN (?P<cut>[A-Z0-9 ]{1,40})-----(?P<rest>[^-]{0,100000})"
)
_DER = b"\x30\x82"


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """One certificate, as far as TLS asks for it."""

    source: str
    line: int
    names: tuple[str, ...]
    """Host names it is for, lower-case, maybe with a wildcard (RFC 6125 section 6.4.3); empty for an authority's."""
    first: float
    """Not valid before, epoch seconds."""
    last: float
    """Not valid after, epoch seconds."""
    own: bool
    """Whether it names itself as its issuer: self-signed, or a root."""
    authority: bool

    def shown(self) -> str:
        """What a report may show of it: its kind and its dates."""
        role = "an authority's certificate" if self.authority else "a self-signed certificate" if self.own else "a certificate"
        return f"{role}, valid from {iso(self.first)} to {iso(self.last)}"

    def covers(self, host: str) -> bool:
        """Whether a host name, maybe with a port, is one of its names; a wildcard stands for one label."""
        name = host.partition(":")[0].lower()
        return any(own == name or (own.startswith("*.") and name.partition(".")[2] == own[2:]) for own in self.names)


def is_certificates(head: bytes) -> bool:
    """Whether a file begins with a PEM block, or is one DER certificate."""
    return _BEGIN.match(head.lstrip()) is not None or (head.startswith(_DER) and b"\x06\x03\x55\x04" in head)


def parse(item: Item, kit: Kit) -> tuple[Source, list[Event], list[Certificate]]:
    """A source with one event of each certificate. What a private key holds is only made known to the vault."""
    with item.open() as stream:
        raw = stream.read(_MOST)
    source = Source(path=item.path, kind="certificate", tier=Tier.HOST, sha256=hashlib.sha256(raw).hexdigest())
    source.lines = source.recognised = raw.count(b"\n") + (not raw.endswith(b"\n")) if not raw.startswith(_DER) else 1
    found = list(_found(raw, source, kit))
    source.kept = len(found)
    return source, [_event(one) for one in found], found


def beside(item: Item, source: Source, kit: Kit) -> list[Certificate]:
    """The certificates that another text holds, such as what `openssl s_client` printed."""
    with item.open() as stream:
        return list(_found(stream.read(_MOST), source, kit))


def _found(raw: bytes, source: Source, kit: Kit) -> Iterator[Certificate]:
    if raw.startswith(_DER):
        blocks: list[tuple[int, bytes]] = [(1, raw)]
    else:
        blocks = list(_blocks(raw, source, kit))
    for line, block in blocks[:_MOST_CERTIFICATES]:
        made = _read(block, source, line)
        if made is None:
            _note(source, "a certificate in it cannot be read")
        else:
            yield made
    if len(blocks) > _MOST_CERTIFICATES:
        _note(source, f"only its first {_MOST_CERTIFICATES} certificates were read")


def _blocks(raw: bytes, source: Source, kit: Kit) -> Iterator[tuple[int, bytes]]:
    """The lines and bytes of the certificates' blocks, in order."""
    line, counted = 1, 0
    for found in _BLOCK.finditer(raw):
        label = found["label"] or found["cut"]
        line, counted = line + raw.count(b"\n", counted, found.start()), found.start()
        if label.endswith(b"PRIVATE KEY"):
            for part in (found["body"] or found["rest"] or b"").split():
                kit.vault.secret(part.decode("ascii", "replace"), "private key")
            _note(source, "it holds a private key, which was not read: whoever gets the bundle gets the key, so replace it")
        elif found["label"] and label.endswith(b"CERTIFICATE"):
            yield line, found[0].replace(b"TRUSTED ", b"").replace(b"X509 ", b"")
        elif label.endswith(b"CERTIFICATE"):
            _note(source, "a certificate in it is cut")


def _read(block: bytes, source: Source, line: int) -> Certificate | None:
    from cryptography import x509  # heavy, and few bundles hold a certificate

    try:
        one = x509.load_der_x509_certificate(block) if block.startswith(_DER) else x509.load_pem_x509_certificate(block)
        first, last = _moments(one)
        return Certificate(
            source=source.path, line=line, names=_names(one), first=first, last=last,
            own=one.subject == one.issuer, authority=_is_authority(one),
        )  # fmt: skip
    except (ValueError, TypeError, OverflowError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
        return None


def _moments(one: X509) -> tuple[float, float]:
    return _at(one.not_valid_before_utc), _at(one.not_valid_after_utc)


def _at(when: datetime) -> float:
    return when.timestamp()


def _names(one: X509) -> tuple[str, ...]:
    """The DNS names of subjectAltName; the common name where there are none, as old certificates have it."""
    from cryptography import x509

    try:
        names = one.extensions.get_extension_for_class(x509.SubjectAlternativeName).value.get_values_for_type(x509.DNSName)
    except x509.ExtensionNotFound:
        if _is_authority(one):
            return ()
        named = one.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
        names = [str(attribute.value) for attribute in named if "." in str(attribute.value)]
    return tuple(name.lower() for name in names[:200])


def _is_authority(one: X509) -> bool:
    from cryptography import x509

    try:
        return bool(one.extensions.get_extension_for_class(x509.BasicConstraints).value.ca) and not _has_names(one)
    except x509.ExtensionNotFound:
        return False


def _has_names(one: X509) -> bool:
    """`openssl req -x509` makes an authority of what people use as the certificate of a site."""
    from cryptography import x509

    try:
        return bool(one.extensions.get_extension_for_class(x509.SubjectAlternativeName).value.get_values_for_type(x509.DNSName))
    except x509.ExtensionNotFound:
        return False


def _event(one: Certificate) -> Event:
    return Event(source=one.source, line=one.line, tier=Tier.HOST, what=What.NOTE, host=next(iter(one.names), None), excerpt=one.shown())


def _note(source: Source, text: str) -> None:
    if text not in source.notes:
        source.notes.append(text)

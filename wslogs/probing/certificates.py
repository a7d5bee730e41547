"""What a server's certificate says: names, dates, issuer. Read by the package cryptography, as those of a bundle are."""

from __future__ import annotations

from dataclasses import dataclass

from cryptography import x509
from cryptography.x509.oid import NameOID


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One certificate as a server sent it."""

    names: list[str]
    first: float
    """Not valid before, epoch seconds."""
    last: float
    """Not valid after, epoch seconds."""
    issuer: str
    own: bool
    """Whether it names itself as its issuer."""


def shown(der: bytes) -> Shown | None:
    """None where it cannot be read."""
    try:
        one = x509.load_der_x509_certificate(der)
        issuer = [*one.issuer.get_attributes_for_oid(NameOID.COMMON_NAME), *one.issuer.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)]
        return Shown(
            names=_names(one), first=one.not_valid_before_utc.timestamp(), last=one.not_valid_after_utc.timestamp(),
            issuer=str(issuer[0].value)[:80] if issuer else "", own=one.issuer == one.subject,
        )  # fmt: skip
    except (ValueError, TypeError):
        return None


def _names(one: x509.Certificate) -> list[str]:
    try:
        named = one.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return []
    addresses = [str(value) for value in named.get_values_for_type(x509.IPAddress)]
    return [*named.get_values_for_type(x509.DNSName), *addresses][:100]

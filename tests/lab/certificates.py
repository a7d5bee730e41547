"""A throw-away certificate authority and the leaves, good and bad, that the sites show."""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tests.lab.model import Certificate

DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Authority:
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC).replace(microsecond=0)


def authority(common_name: str) -> Authority:
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = (
        x509.CertificateBuilder()
        .subject_name(_name(common_name))
        .issuer_name(_name(common_name))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(_now() - 400 * DAY)
        .not_valid_after(_now() + 400 * DAY)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return Authority(certificate, key)


def _intermediate(issuer: Authority) -> Authority:
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = (
        x509.CertificateBuilder()
        .subject_name(_name("Lab Intermediate R3"))
        .issuer_name(issuer.certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(_now() - 300 * DAY)
        .not_valid_after(_now() + 300 * DAY)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(issuer.key, hashes.SHA256())
    )
    return Authority(certificate, key)


def write_leaf(folder: Path, host: str, issuer: Authority, kind: Certificate) -> None:
    """fullchain.pem and privkey.pem for `host`. 'untrusted' is the issuer's matter, not the leaf's."""
    if kind == "no-intermediate":
        issuer = _intermediate(issuer)
    key = ec.generate_private_key(ec.SECP256R1())
    if kind == "self-signed":
        issuer = Authority(issuer.certificate, key)
    until = _now() - 3 * DAY if kind == "expired" else _now() + 60 * DAY
    named = {"other-name": f"old.{host}", "wildcard": f"*.{host.split('.', 2)[2]}"}.get(kind, host) if kind != "valid" else host
    leaf = (
        x509.CertificateBuilder()
        .subject_name(_name(named))
        .issuer_name(_name(named) if kind == "self-signed" else issuer.certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(until - 90 * DAY)
        .not_valid_after(until)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(named)]), critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(issuer.key, hashes.SHA256())
    )
    folder.mkdir(parents=True, exist_ok=True)
    pem = serialization.Encoding.PEM
    chain = leaf.public_bytes(pem)
    if kind not in ("self-signed", "no-intermediate"):
        chain += issuer.certificate.public_bytes(pem)
    (folder / "fullchain.pem").write_bytes(chain)
    (folder / "privkey.pem").write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))

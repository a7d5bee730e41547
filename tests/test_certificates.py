"""wslogs/parsers/certificates.py: names and dates of certificates, and keys that stay unread."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from conftest import ROOT, bundle, item
from wslogs.errors import LeakError
from wslogs.parsers import certificates
from wslogs.parsers.certificates import Certificate
from wslogs.parsers.kit import Kit
from wslogs.pipeline import analyze

KEPT = ROOT / "tests/fixtures/host/certificates/bundle"
ONE = Certificate(source="a.pem", line=1, names=("testdomen.uz", "*.testdomen.uz"), first=0.0, last=1.0, own=False, authority=False)


def read(name: str, kit: Kit) -> list[Certificate]:
    return certificates.parse(item((KEPT / name).read_bytes(), name), kit)[2]


def test_a_chain_tells_leaf_and_authority(kit: Kit) -> None:
    leaf, root = read("fullchain.pem", kit)
    assert (leaf.line, leaf.names, leaf.own, leaf.authority) == (1, ("testdomen.uz",), False, False)
    assert (root.line, root.names, root.own, root.authority) == (11, (), True, True)
    assert leaf.last - leaf.first == 90 * 86400


def test_a_self_signed_one_is_of_its_host(kit: Kit) -> None:
    [one] = read("self-signed.pem", kit)
    assert (one.names, one.own, one.authority) == (("testdomen.uz",), True, False)


def test_der_is_read_too(kit: Kit) -> None:
    from cryptography.hazmat.primitives.serialization import Encoding
    from cryptography.x509 import load_pem_x509_certificate

    der = load_pem_x509_certificate((KEPT / "old.crt").read_bytes()).public_bytes(Encoding.DER)
    assert certificates.is_certificates(der)
    assert certificates.parse(item(der, "old.der"), kit)[2] == [replace(read("old.crt", kit)[0], source="old.der")]


def test_a_private_key_is_no_more_than_a_note(kit: Kit) -> None:
    raw = (KEPT / "privkey.pem").read_bytes()
    assert certificates.is_certificates(raw)
    source, events, found = certificates.parse(item(raw, "privkey.pem"), kit)
    assert (events, found) == ([], [])
    assert "private key" in source.notes[0]
    with pytest.raises(LeakError, match="private key"):
        kit.vault.check({"report.md": raw.splitlines()[1]})


def test_a_key_that_is_cut_is_a_secret_all_the_same(kit: Kit) -> None:
    raw = (KEPT / "privkey.pem").read_bytes()[:120]
    certificates.parse(item(raw, "key"), kit)
    with pytest.raises(LeakError):
        kit.vault.check({"report.md": raw.splitlines()[1]})


def test_a_broken_certificate_is_noted(kit: Kit) -> None:
    source, _, found = certificates.parse(item("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"), kit)
    assert (found, source.notes) == ([], ["a certificate in it cannot be read"])
    source, _, found = certificates.parse(item("-----BEGIN CERTIFICATE-----\nMIIB\n"), kit)
    assert (found, source.notes) == ([], ["a certificate in it is cut"])


@pytest.mark.parametrize(
    ("host", "yes"),
    [("testdomen.uz", True), ("TESTDOMEN.uz:443", True), ("api.testdomen.uz", True), ("a.b.testdomen.uz", False), ("other.uz", False)],
)
def test_a_wildcard_stands_for_one_label(host: str, yes: bool) -> None:
    assert ONE.covers(host) is yes


def test_no_output_holds_a_key_or_a_name(tmp_path: Path) -> None:
    files = {p.name: p.read_bytes() for p in KEPT.iterdir()}
    made = analyze(bundle(tmp_path, files), quote=True)
    key = (KEPT / "privkey.pem").read_text().splitlines()[1]
    assert key not in str(made.report)

"""What stands in a clean bundle for a token, an id, a name or an address: made by wslogs, by first appearance, and of the same shape.

Equal values have equal pseudonyms in all files and different ones differ, so that joins survive. Of the value nothing stays
but its length and, place by place, whether a digit, a small or a capital letter stood there; of a JWT also its times.
"""

from __future__ import annotations

import base64
import ipaddress
import json
from collections import Counter
from dataclasses import dataclass, field

import regex

from wslogs.model import Token
from wslogs.redact import NO_TOKEN, Vault

_HEX = regex.compile(r"(?=.*\d)(?:[0-9a-f]|[0-9A-F])[0-9a-fA-F-]{7,}")
_JWT = regex.compile(r"eyJ[\w-]{5,}\.[\w-]{5,}\.[\w-]*")
_LETTERS = {"lower": "xabcdefghijklmnopqrstuvwyz", "upper": "XABCDEFGHIJKLMNOPQRSTUVWYZ", "digit": "0123456789"}
_HEX_LETTERS = {"lower": "abcdef", "upper": "ABCDEF", "digit": "0123456789"}
_KEPT = frozenset("-_.=+/~:@*… \n")
"""What is neither letter nor digit and stays where it is; anything else becomes `-`."""
_NOTHING = regex.compile(r"(?i)\W*(?:x{4,}|redacted|masked|filtered|hidden|removed|sanitized)?\W*")
"""What a tier wrote in place of a value; of a part that it left the letters go."""
_SECRET = 12
"""A value so long is one that the last look at all bytes asks for."""
_NETWORKS = ("192.0.2", "198.51.100", "203.0.113")
"""Networks for documentation (RFC 5737). Further ones are of 100.64.0.0/10 (RFC 6598), counted from its end, where hardly anyone is."""
_OWN = tuple(ipaddress.ip_network(net) for net in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32"))


@dataclass(slots=True)
class Pseudonyms:
    """The pseudonyms of one bundle. `addresses`: public addresses stay as they are."""

    vault: Vault
    addresses: bool = False
    known: dict[str, str] = field(default_factory=dict)
    _made: set[str] = field(default_factory=set)
    _counts: Counter[str] = field(default_factory=Counter)
    _networks: dict[str, str] = field(default_factory=dict)
    _hosts: dict[str, dict[str, int]] = field(default_factory=dict)

    def of(self, text: str, kind: str = "value that was replaced") -> str:
        """What stands for a value; what says that there is none, or is masked already, stands for itself."""
        if text in NO_TOKEN or _NOTHING.fullmatch(text):
            return text
        if (made := self.known.get(text)) is None:
            if len(text) >= _SECRET and any(c.isdigit() for c in text):
                self.vault.secret(text, kind)
            made = self._jwt(text) if _JWT.fullmatch(text) else self._shaped(text)
            self.known[text] = made
            self._made.add(made)
        return made

    def _shaped(self, text: str) -> str:
        classes = [_class(c) for c in text]
        letters = _HEX_LETTERS if _HEX.fullmatch(text) else _LETTERS
        if not any(name in letters for name in classes):
            classes.append("lower")
        shape = "".join(name[:1] for name in classes)
        while True:
            self._counts[shape] += 1
            left, made = self._counts[shape], []
            for name in reversed(classes):
                alphabet = letters.get(name)
                made.append(name if alphabet is None else alphabet[left % len(alphabet)])
                left = left if alphabet is None else left // len(alphabet)
            if left:  # more values of this shape than it has room for
                classes.append("lower")
                continue
            if (word := "".join(reversed(made))) not in self._made:
                return word

    def _jwt(self, text: str) -> str:
        """A token of the same times and about the same length, with the ordinal of this one, signed by nobody."""
        token = self.vault.token(text)
        self._counts["jwt"] += 1
        claims: dict[str, object] = {"n": self._counts["jwt"]}
        claims |= {name: _whole(at) for name, at in _times(token).items() if at is not None}
        head, signature = _packed({"alg": "none", "typ": "JWT"}), text.rpartition(".")[2]
        room = len(text) - len(head) - len(signature) - 2
        while (short := (room - len(_packed(claims))) * 3 // 4) > 0 and "pad" not in claims:
            claims["pad"] = "x" * max(0, short - 9)
        return f"{head}.{_packed(claims)}.{'x' * max(4, len(signature) // 4 * 4)}"

    def address(self, text: str) -> str:
        """A public address becomes another one; two of one /24, or /64 of version 6, stay so. Others stay as they are."""
        try:
            address = ipaddress.ip_address(text)
        except ValueError:
            return self._shaped(text)
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
            return f"{text[: text.rfind(':') + 1]}{self.address(str(address.ipv4_mapped))}" if "." in text else self._address(address)
        if self.addresses or not (address.is_global or any(address in net for net in _OWN)):
            return text
        return self._address(address)

    def _address(self, address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> str:
        four = address.version == 4
        network = str(ipaddress.ip_network(f"{address}/{24 if four else 64}", strict=False))
        own = int(address) & (0xFF if four else (1 << 64) - 1)
        hosts = self._hosts.setdefault(network, {"0": 0})
        host = hosts.setdefault(str(own), len(hosts))
        if network not in self._networks:
            place = self._counts[f"version {address.version}"]
            self._counts[f"version {address.version}"] += 1
            self._networks[network] = _network(place) if four else f"2001:db8:0:{place + 1:x}"
        return f"{self._networks[network]}.{host}" if four else f"{self._networks[network]}::{host:x}"


def _network(place: int) -> str:
    if place < len(_NETWORKS):
        return _NETWORKS[place]
    return f"100.{127 - place // 256 % 64}.{place % 256}"


def _class(c: str) -> str:
    if c in _KEPT:
        return c
    if c.isdigit():
        return "digit"
    return "upper" if c.isupper() else "lower" if c.isalpha() else "-"


def _times(token: Token) -> dict[str, float | None]:
    return {"iat": token.issued, "nbf": token.not_before, "exp": token.expires}


def _whole(at: float) -> float | int:
    return int(at) if at == int(at) else at


def _packed(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value, separators=(",", ":")).encode()).decode().rstrip("=")

"""What a report calls tokens, clients, browsers and upstreams: names by first appearance, from which nothing can be won back."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from wslogs.model import Attempt, Tier
from wslogs.redact import ELIDED

_EXAMPLES = ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")
_NETWORK = {4: 24, 6: 64}
"""Bits of the network that one site or one subscriber commonly has (RFC 6177 section 2 for version 6)."""


class Names:
    """Names of tokens (`T1`) and clients (`C1 private`, `C2 private in C1's /24`), by first appearance in the order of the attempts."""

    def __init__(self, attempts: Iterable[Attempt], *, addresses: bool = False) -> None:
        """`addresses`: clients are called by their addresses instead."""
        self._addresses = addresses
        self._tokens: dict[str, str] = {}
        self._clients: dict[str, str] = {}
        self._networks: dict[str, str] = {}
        for attempt in attempts:
            self.token(attempt)
            self.client(attempt)

    def token(self, attempt: Attempt) -> str | None:
        if attempt.token is None:
            return None
        return self._tokens.setdefault(attempt.token.fingerprint, f"T{len(self._tokens) + 1}")

    def client(self, attempt: Attempt) -> str | None:
        if attempt.client is None:
            return None
        if attempt.client not in self._clients:
            self._name(attempt.client)
        return self._clients[attempt.client]

    def _name(self, client: str) -> None:
        label = f"C{len(self._clients) + 1}"
        network, kind = network_of(client), address_class(client)
        first = self._networks.setdefault(network, label) if network else label
        beside = f" in {first}'s /{network.rpartition('/')[2]}" if first != label else ""
        self._clients[client] = client if self._addresses else f"{label} {kind}{beside}"


def labels(names: Names, shown: Callable[[str | None], str | None]) -> dict[str, Callable[[Attempt], str | None]]:
    """Properties of an attempt that may be what fails, as a report may show them; `shown` tells a path."""
    browsers: dict[str, str] = {}

    def browser(attempt: Attempt) -> str | None:
        agent = next((e.agent for e in attempt.events if e.agent), None)
        return browsers.setdefault(agent, f"B{len(browsers) + 1}") if agent else None

    def upstream(attempt: Attempt) -> str | None:
        asked = next((e.upstream for e in attempt.events if e.tier is Tier.PROXY and e.upstream and e.upstream != "-"), None)
        port = asked.rpartition(":")[2] if asked else ""
        return f"{ELIDED}:{port}" if port.isdecimal() else None

    return {
        "token": names.token, "client": names.client, "browser": browser, "upstream": upstream,
        "path": lambda attempt: shown(attempt.path), "scheme": lambda attempt: attempt.scheme,
    }  # fmt: skip


def address_class(text: str) -> str:
    """What may be told of an address: loopback, private, public, or local for a socket without one."""
    import ipaddress  # costs 5 ms that --help need not pay

    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return "local"
    # The ranges for documentation (RFC 5737, RFC 3849): private to Python, but they stand for public ones.
    if any(address in ipaddress.ip_network(net) for net in _EXAMPLES):
        return "public"
    return "loopback" if address.is_loopback else "private" if address.is_private else "public"


def network_of(text: str) -> str:
    """The /24 of an IPv4 address or the /64 of an IPv6 one; empty for what is none, and for this machine itself."""
    import ipaddress

    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return ""
    return "" if address.is_loopback else str(ipaddress.ip_network(f"{address}/{_NETWORK[address.version]}", strict=False))

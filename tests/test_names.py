"""What tokens, clients, browsers and upstreams are called in a report."""

import pytest

from conftest import attempt, event, token
from wslogs.report.names import Names, address_class, labels, network_of


def test_clients_of_one_network_are_told() -> None:
    clients = ["192.0.2.1", "192.0.2.254", "192.0.3.1", "2001:db8::1", "2001:db8::ffff:1", "192.0.2.1", "127.0.0.1", "127.0.0.2", "unix:"]
    tries = [attempt(event(path="/ws"), client=client) for client in [*clients, None]]
    names = Names(tries)
    assert [names.client(one) for one in tries] == [
        "C1 public", "C2 public in C1's /24", "C3 public", "C4 public", "C5 public in C4's /64", "C1 public", "C6 loopback",
        "C7 loopback", "C8 local", None,
    ]  # fmt: skip
    named = Names(tries, addresses=True)
    assert [named.client(one) for one in tries] == [*clients, None]


def test_tokens_are_numbered_by_first_appearance() -> None:
    tries = [attempt(event(path="/ws"), token=token(name) if name else None) for name in ("x", "", "y", "x")]
    names = Names(tries)
    assert [names.token(one) for one in tries] == ["T1", None, "T2", "T1"]


def test_labels_tell_the_port_of_an_upstream_and_no_agent() -> None:
    one = attempt(event(path="/ws", agent="Mozilla/5.0", upstream="10.1.2.3:8000"), scheme="wss", path="/ws")
    told = {name: tell(one) for name, tell in labels(Names([one]), lambda path: path).items()}
    assert told == {"token": None, "client": None, "browser": "B1", "upstream": "…:8000", "path": "/ws", "scheme": "wss"}


@pytest.mark.parametrize(
    ("address", "network"), [("10.1.2.3", "10.1.2.0/24"), ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"), ("::1", ""), ("unix:", "")]
)
def test_network_of(address: str, network: str) -> None:
    assert network_of(address) == network


@pytest.mark.parametrize(
    ("address", "named"),
    [
        ("127.0.0.1", "loopback"), ("::1", "loopback"), ("10.1.2.3", "private"), ("8.8.8.8", "public"), ("203.0.113.9", "public"),
        ("unix:", "local"), ("", "local"),
    ],
)  # fmt: skip
def test_address_class(address: str, named: str) -> None:
    assert address_class(address) == named

"""Where secrets end."""

from typing import Any

import jwt
import pytest
import regex

from conftest import NOON
from wslogs import redact
from wslogs.errors import LeakError
from wslogs.model import Token
from wslogs.redact import Vault, excerpt, shown_path

SECRET = "9f8Zq2LmXv7TbR4c"  # no real one


def signed(**claims: Any) -> str:
    return jwt.encode(claims, "k" * 32, algorithm="HS256")


def test_a_jwt_tells_its_times_and_no_more() -> None:
    vault = Vault()
    text = signed(sub="17", exp=NOON + 60, iat=NOON, nbf=NOON - 60)
    assert vault.token(text) == Token(
        fingerprint=vault.fingerprint(text), expires=NOON + 60, issued=NOON, not_before=NOON - 60, length=len(text)
    )


@pytest.mark.parametrize("exp", ["soon", True, 5, 1e300, [NOON], None])
def test_times_that_are_none_are_not_believed(exp: object) -> None:
    import base64
    import json

    body = base64.urlsafe_b64encode(json.dumps({"exp": exp}).encode()).rstrip(b"=").decode()
    head = base64.urlsafe_b64encode(b'{"alg":"HS256","typ":"JWT"}').rstrip(b"=").decode()
    assert Vault().token(f"{head}.{body}.c2ln").expires is None


@pytest.mark.parametrize("text", ["a.b.c", "..", "eyJ.eyJ.", "\ud800.\ud800.x", "é.é.é", "x" * 5000])
def test_any_text_may_be_a_token(text: str) -> None:
    assert Vault().token(text).expires is None


def test_fingerprints_are_equal_in_one_run_only() -> None:
    one, other = Vault(), Vault()
    assert one.fingerprint("a") == one.fingerprint("a") != one.fingerprint("b")
    assert one.fingerprint("a") != other.fingerprint("a")
    assert len(one.fingerprint("a")) == 32


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("wss://Testdomen.UZ/api/v1/ws?token=abc", ("wss", "testdomen.uz", "/api/v1/ws", "abc")),
        ("ws://localhost:8000/ws", ("ws", "localhost:8000", "/ws", None)),
        ("wss://testdomen.uz", ("wss", "testdomen.uz", "/", None)),
        ("/api/v1/ws?x=1&token=abc", (None, None, "/api/v1/ws", "abc")),
        ("//ws", (None, None, "//ws", None)),
        ("/a%20b/%D1%87?t=1", (None, None, "/a b/ч", None)),
        ("/ws?v=2", (None, None, "/ws", None)),
        ("/ws?token=", (None, None, "/ws", None)),
        (f"/ws?q={SECRET}{SECRET}", (None, None, "/ws", SECRET * 2)),
        ("/ws?access_token=abc&other=def", (None, None, "/ws", "abc")),
        ("wss://name:word@testdomen.uz/ws", ("wss", "testdomen.uz", "/ws", None)),
        ("wss://[::1]:8000/ws", ("wss", "[::1]:8000", "/ws", None)),
        ("wss://[broken/ws", (None, None, None, None)),
        ("", (None, None, None, None)),
    ],
)
def test_url(text: str, expected: tuple[str | None, ...]) -> None:
    vault = Vault()
    url = vault.url(text)
    token = vault.token(expected[3]) if expected[3] else None
    assert (url.scheme, url.host, url.path, url.token) == (*expected[:3], token)


@pytest.mark.parametrize(
    "text",
    [
        "***", "abc***xyz", "eyJhbGciOi…", "eyJhbGciOi...", "•••", "%2A%2A%2A", "%252a%252a", "xxxx", "XXXXXXXXXXXX", "redacted",
        "[REDACTED]", "%5BREDACTED%5D", "<masked>", "(filtered)", "{hidden}", "removed", "[sanitized]",
    ],
)  # fmt: skip
@pytest.mark.parametrize("query", ["token={}", "v=2&access_token={}"])
def test_a_token_that_is_masked_or_cut_joins_nothing(text: str, query: str) -> None:
    assert Vault().url(f"/ws?{query.format(text)}").token is None


def test_what_comes_again_is_worked_out_once_and_not_kept_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redact, "_RECENT", 10)
    vault = Vault()
    assert vault.url("/ws?token=abcdefgh12345678") is vault.url("/ws?token=abcdefgh12345678")
    for number in range(50):
        vault.url(f"/ws/{number}")
        vault.learn(f"password=abcdefgh-{number}")
        vault.learn("x" * 500 + f" password=ijklmnop-{number}")
    assert all(f"{word}-{number}" in vault.seen for word in ("abcdefgh", "ijklmnop") for number in range(50))
    assert max(len(vault._urls), len(vault._learnt)) <= 10


@pytest.mark.parametrize("text", [f"{SECRET}9f8Z…", f"{SECRET}9f8Z...", f"9f8Z****************{SECRET}"])
def test_a_long_value_that_is_cut_is_no_token(text: str) -> None:
    assert Vault().url(f"/ws?q={text}").token is None


def test_another_token_beside_a_masked_one_counts() -> None:
    vault = Vault()
    assert vault.url("/ws?session=***&token=abc").token == vault.token("abc")


@pytest.mark.parametrize("text", ["xxx", "xxxxy", "a.b.c", "a..b", "abc*", "redacted-1"])
def test_a_token_that_only_looks_a_little_like_a_mask_is_one(text: str) -> None:
    vault = Vault()
    assert vault.url(f"/ws?token={text}").token == vault.token(text)


@pytest.mark.parametrize(
    "leak",
    [
        lambda vault: vault.token(SECRET),
        lambda vault: vault.url(f"wss://x/ws?token={SECRET}"),
        lambda vault: vault.url(f"wss://x/ws?unheard={SECRET}"),
        lambda vault: vault.url(f"wss://me:{SECRET}@x/ws"),
        lambda vault: vault.secret(SECRET, "value of .env"),
    ],
)
@pytest.mark.parametrize("text", ["{}", "<b>{}</b>", "/{}/", "before{}after", '"{}"'])
def test_a_secret_in_an_output_stops_it(leak: Any, text: str) -> None:
    vault = Vault()
    leak(vault)
    vault.check({"report.md": text.format("…").encode()})
    with pytest.raises(LeakError) as caught:
        vault.check({"report.md": text.format(SECRET[2:14]).encode()})
    assert SECRET[2:14] not in str(caught.value)
    assert str(caught.value).startswith("report.md would have held a part of a ")


def test_a_part_of_eleven_characters_is_none() -> None:
    vault = Vault()
    vault.secret(SECRET, "token")
    vault.check({"report.md": SECRET[:11].encode()})


@pytest.mark.parametrize("text", ["postgresql", "production", "https://testdomen.uz", "2026-11-23T12:00:00Z", "proxy_set_header"])
def test_ordinary_words_are_no_leak(text: str) -> None:
    vault = Vault()
    vault.secret(text, "value of .env")
    vault.check({"report.md": f"it says {text} there".encode()})


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/api/v1/ws", "/api/v1/ws"),
        ("/", "/"),
        (None, "…"),
        ("", "…"),
        ("/ws/17", "/ws/…"),
        (f"/ws/{SECRET}/x", "/ws/…/x"),
        ("/ws/ivan@example.org", "/ws/…"),
        ("/чат/ws", "/…/ws"),
        ("/socket.io/", "/socket.io/"),
        ("/" + "a" * 33, "/…"),
        ("/v1/v1000", "/v1/…"),
    ],
)
def test_shown_path(path: str | None, shown: str) -> None:
    assert shown_path(path) == shown


@pytest.mark.parametrize(
    ("pattern", "line", "shown"),
    [
        (r"code (?P<code>\d+)", "code 1006", "code 1006"),
        (r"code (?P<code>\d+)", "user Ivan: code 1006 because", "… code 1006 …"),
        (r"client (?P<client>\S+) got (?P<status>\d+)", "client 10.0.0.1 got 403", "client … got 403"),
        (r"(?:to (?P<host>\w+),? ?)+", "to alpha, to beta", "to …, to …"),
        (r"at (?P<text>\w+(?P<code>\d))", "at word1", "at …"),
        (r"a(?P<text>x*)b", "ab", "ab"),
        (r"a (?P<text>x)?b", "a   b".replace("   ", " "), "a b"),
        (r"one\s+two", "  one \t two  ", "one two"),
        (r"code (?P<code>\d+)", "code 1234567890123", "code …"),
    ],
)
def test_excerpt(pattern: str, line: str, shown: str) -> None:
    found = regex.search(pattern, line)
    assert found is not None
    assert excerpt(found, line) == shown


@pytest.mark.parametrize(
    "value", ["/api/v1/ws/events", "api/v2/ws/events/x", "https://testdomen.uz", "2026-11-23T12:00:00Z", "connection open"]
)
def test_a_value_that_is_an_address_or_plain_words_is_no_leak(value: str) -> None:
    vault = Vault()
    vault.secret(value, "value of .env")
    vault.check({"report.md": f"wss://\N{HORIZONTAL ELLIPSIS}{value} answered 403: {value}".encode()})


@pytest.mark.parametrize("value", ["v1/v2/v3/v4/x9y8", "/api/v1/a7f3c9d2e1b0", "api-k3y-l1ke-this", "hunter2hunter2", "1234567/8901234"])
def test_a_value_with_digits_among_its_letters_is_one(value: str) -> None:
    vault = Vault()
    vault.secret(value, "value of .env")
    with pytest.raises(LeakError, match=r"report\.md would have held a part of a value of \.env"):
        vault.check({"report.md": f"it says {value} there".encode()})


def test_a_token_that_is_cut_within_its_signature_still_tells_when_it_ends() -> None:
    whole = jwt.encode({"exp": int(NOON)}, "k" * 32)
    assert Vault().token(whole[: whole.rindex(".") + 2]).expires == NOON

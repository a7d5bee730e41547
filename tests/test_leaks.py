"""A part of a secret in an output is found, in any form from which it can be read back; what is public anyhow is none."""

import base64
import hashlib
import time
from collections.abc import Callable
from urllib.parse import quote

import pytest

from wslogs import leaks
from wslogs.leaks import Register

SECRET = "9f8Zq2LmXv7TbR4cKd6w"  # no real one
FORMS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "first half": lambda s: s[:12],
    "second half": lambda s: s[-12:],
    "percent": lambda s: "".join(f"%{ord(c):02X}" for c in s),
    "percent twice": lambda s: quote("".join(f"%{ord(c):02X}" for c in s)),
    "percent thrice": lambda s: quote(quote("".join(f"%{ord(c):02X}" for c in s))),
    "base64": lambda s: base64.b64encode(s.encode()).decode(),
    "base64 of x": lambda s: base64.b64encode(b"x" + s.encode() + b"yz").decode(),
    "base64 of xy": lambda s: base64.urlsafe_b64encode(b"xy" + s.encode() + b"z").decode(),
    "base64 in a word": lambda s: "abc" + base64.b64encode(s.encode()).decode(),
    "hex": lambda s: s.encode().hex(),
    "hex with spaces": lambda s: s.encode().hex(" "),
    "unicode escapes": lambda s: "".join(f"\\u{ord(c):04x}" for c in s),
    "entities": lambda s: "".join(f"&#{ord(c)};" for c in s),
    "over lines": lambda s: f"{s[:7]}\n    {s[7:]}",
    "md5": lambda s: hashlib.md5(s.encode(), usedforsecurity=False).hexdigest(),
    "sha1": lambda s: hashlib.sha1(s.encode(), usedforsecurity=False).hexdigest(),
    "sha256": lambda s: hashlib.sha256(s.encode()).hexdigest(),
}


def register(*texts: str, password: bool = False) -> Register:
    seen = Register()
    for text in texts:
        seen.add(text, "token", password=password)
    return seen


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_found(form: str) -> None:
    found = register(SECRET).find({"report.md": f"it says {FORMS[form](SECRET)} there".encode()})
    assert found is not None and found[0] == "report.md" and found[1].startswith("token")


@pytest.mark.parametrize("written", ["%39f8Zq2LmXv7TbR4cKd6w", "\\u0039f8Zq2LmXv7TbR4cKd6w", "%2539f8Zq2LmXv7TbR4cKd6w"])
def test_a_secret_that_stands_coded_is_known_decoded(written: str) -> None:
    assert register(written).find({"x": SECRET[:12].encode()}) is not None


@pytest.mark.parametrize("size", [0, 10, 40, 1000])
@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
def test_every_form_is_found_wherever_an_output_is_cut_into_pieces(
    form: Callable[[str], str], size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leaks, "_PIECE", size)
    own = Register()
    own.add(SECRET, "token")
    for before in range(4):
        text = "the same line\n" * before + f"it was {form(SECRET)} again\n" + "the same line\n" * 3
        assert own.find({"report.md": text.encode()}) is not None


def test_a_secret_broken_over_many_lines_is_found_across_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leaks, "_PIECE", 9)
    own = Register()
    own.add(SECRET, "token")
    assert own.find({"report.md": "".join(f"> {one} \n" for one in SECRET).encode()}) == ("report.md", "token")


def test_eight_characters_of_a_password_are_a_leak() -> None:
    assert register("hunter2x9Q", password=True).find({"x": b"a hunter2x b"}) == ("x", "token")
    assert register("hunter2x9Q").find({"x": b"a hunter2x b"}) is None


@pytest.mark.parametrize("text", ["access.log-Rotated-2026", "qzxkvbnwplrt"])
def test_what_is_public_anyhow_is_no_leak(text: str) -> None:
    assert register(text).find({"x": f"in {text}:12".encode()}) is not None
    assert register(text).find({"x": f"in {text}:12".encode()}, [text]) is None


@pytest.mark.parametrize("text", ["WebSocketDisconnect", "unrecognised", "proxy_set_header", "confidence"])
def test_words_of_wslogs_itself_are_no_leak(text: str) -> None:
    assert register(text).find({"x": f"says {text}".encode()}) is None


@pytest.mark.parametrize("text", ["998901234567", "4111111111111111", "qzxkvbnwplrtgh"])
def test_a_long_number_and_a_long_word_are_secrets_as_well(text: str) -> None:
    assert register(text).find({"x": f"it was {text}, so".encode()}) is not None


def test_the_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wslogs.leaks.MOST", 40)
    seen = register("a" * 30 + "1", "b" * 30 + "1")
    assert seen.full and seen.size == 31


def test_a_hundred_thousand_secrets_are_looked_for_fast() -> None:
    seen = register(*(hashlib.sha256(str(n).encode()).hexdigest() * 3 for n in range(100_000)))
    output = "\n".join(f"<tr><td>A{n}</td><td>2026-11-23T12:00:{n % 60:02d}Z</td><td>access.log:{n}</td></tr>" for n in range(10_000))
    start = time.process_time()
    assert seen.find({"report.html": output.encode()}) is None
    assert time.process_time() - start < 3


def test_a_register_takes_in_what_another_has() -> None:
    one, two = Register(), Register()
    one.add("first-secret-value", "token")
    two.add("second-secret-value", "cookie")
    two.add("hunter2!", "password", password=True)
    one.update(two)
    assert all(text in one for text in ("first-secret-value", "second-secret-value", "hunter2!"))
    assert one.find({"out": b"hunter2!"}) == ("out", "password") and not one.full
    two.full = True
    one.update(two)
    assert one.full


def test_phrases_come_in_an_order_of_their_own() -> None:
    texts = ["one two three", "six five four", "a longer phrase of many words"]
    orders = []
    for given in (texts, texts[::-1]):
        register = Register()
        for text in given:
            register.add(text, "line")
        orders.append(register.phrases())
    assert orders[0] == orders[1] == [texts[2], texts[0], texts[1]]

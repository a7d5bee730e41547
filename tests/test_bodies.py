"""Bodies are kept as they stand, and give each text when an output is searched."""

import hashlib
import json
from random import Random

import pytest

from wslogs import bodies
from wslogs.bodies import Bodies, below, inner, texts
from wslogs.errors import LeakError
from wslogs.leaks import _decoded, _windows
from wslogs.mask import Mask
from wslogs.redact import Vault

SECRET = "9f8Zq2LmXv7TbR4cKd6w"  # no real one


def content(text: str) -> bytes:
    """The `content` of a HAR's answer."""
    return json.dumps({"mimeType": "application/json", "text": text}).encode()


def test_texts_of_a_value_and_of_json_in_it() -> None:
    value = content(json.dumps({"name": 'said "x"', "rows": [{"id": 7, "of": "a"}]}))
    assert next(iter(below(value))) == "application/json"
    assert list(inner(list(below(value))[1])) == ['said "x"', "a"]
    assert list(below(b"{")) == list(inner("{")) == list(inner("plain")) == []
    assert list(texts({"a": ["b", {"c": "d"}], "e": 1})) == ["b", "d"]


@pytest.mark.parametrize("as_it_stands", [0, 20, 1000])
def test_values_are_given_with_their_kinds(as_it_stands: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "_AT_ONCE", 10)
    monkeypatch.setattr(bodies, "_AS_IT_STANDS", as_it_stands)
    rows = [(b'"the first"', "cookie"), (b'{"a":\n"the second"}', "body"), (b'"the third"', "body")]
    kept = Bodies()
    assert not any(kept.add(*row) for row in [*rows, (b"null", "cookie")]) and not kept.settle()
    assert list(kept.holding(["the second 1", '{"a": "the s'])) == [] and list(kept.holding(['{"a":\n"the s'])) == [("the second", "body")]
    assert list(kept.taken()) == rows and list(kept.taken()) == []


FURTHER = [
    (r'"a\/b of 9f8Zq2LmXv7T"', "an escaped solidus", ["a/b of 9f8Zq2LmXv7T"]),
    (r'"\u0039f8Zq2LmXv7TbR"', "an escaped character", ["9f8Zq2LmXv7TbR"]),
    (r'"{\"a\": \"q\\/9f8Zq2LmXv7TbR\"}"', "JSON in JSON", ['{"a": "q\\/9f8Zq2LmXv7TbR"}', "q/9f8Zq2LmXv7TbR"]),
    ('"100 %25 of it"', "a percent sign", ["100 %25 of it"]),
]


@pytest.mark.parametrize(("value", "kind", "found"), FURTHER, ids=[kind for _, kind, _ in FURTHER])
def test_what_does_not_stand_as_it_reads_is_always_given(value: str, kind: str, found: list[str]) -> None:
    kept = Bodies()
    kept.add(value.encode(), kind)
    kept.add(b'{"text": "no escape but \\" and \\n and no part of it"}', "body")
    assert not kept.settle()
    assert list(kept.holding(["not in there"])) == [(text, kind) for text in found]


@pytest.mark.parametrize("before", range(9))
def test_a_text_that_holds_a_part_of_an_output_is_given_wherever_it_stands(before: int) -> None:
    kept = Bodies()
    for place in range(20):
        kept.add(content("x" * before + (SECRET if place == 7 else "another text")), f"body {place}")
    assert not kept.settle()
    for window in (SECRET[:12], SECRET[4:16], SECRET[-12:]):
        assert list(kept.holding(["some part 12", window])) == [("application/json", "body 7"), ("x" * before + SECRET, "body 7")]
    assert list(kept.holding(["some part 12"])) == list(kept.holding([])) == []


@pytest.mark.parametrize(
    "value", ['{"password": "x"}', '{"DB_PWD": "x"}', "postgres:\\/\\/app:hunter22@db", "https://app:hunter22@db", "passPHRASE of mine"]
)
def test_where_a_password_may_stand_is_looked_into_at_once(value: str) -> None:
    kept = Bodies()
    for one in ("a passing word", value, "somebody@home.example"):
        assert not kept.add(content(one), "body")
    assert kept.settle() == [(content(value), "body")]


def test_what_is_kept_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "MOST", 30)
    kept, second = Bodies(), b'"' + b"b" * 20 + b'"'
    assert not kept.add(b'"' + b"a" * 20 + b'"', "body") and kept.add(second, "body") == ((second, "body"),)


@pytest.mark.parametrize(
    "body",
    [
        SECRET,
        json.dumps({"access": SECRET}),
        json.dumps({"access": [f'"{SECRET}"']}),
        json.dumps({"access": "".join(f"%{ord(c):02X}" for c in SECRET)}),
        "".join(f"\\u{ord(c):04x}" for c in SECRET),
    ],
)
def test_an_output_that_holds_a_part_of_a_body_is_not_written(body: str) -> None:
    vault = Vault()
    vault.body(content(body), "body of an answer")
    with pytest.raises(LeakError, match=r"report\.md would have held a part of a body of an answer"):
        vault.check({"report.md": f"it was {SECRET[:12]} there".encode()})
    vault.check({"report.md": b"it was nothing"})


def test_an_escape_in_a_body_hides_nothing() -> None:
    vault = Vault()
    vault.body(content(json.dumps({"said": "qzx\\kvb\\Nwplrt"})), "body of an answer")
    with pytest.raises(LeakError):
        vault.check({"report.md": b"it was qzx\\kvb\\Nwplrt"})


def test_the_hash_of_a_text_in_a_body_is_a_leak() -> None:
    vault = Vault()
    vault.body(content(json.dumps({"access": SECRET})), "body of an answer")
    with pytest.raises(LeakError, match="its hash"):
        vault.check({"report.md": hashlib.md5(SECRET.encode(), usedforsecurity=False).hexdigest().encode()})


def test_eight_characters_of_a_password_in_a_body_are_a_leak() -> None:
    vault = Vault()
    vault.body(content(json.dumps({"password": "hunter2x9Q"})), "body of a request")
    with pytest.raises(LeakError):
        vault.check({"report.md": b"a hunter2x b"})


def test_a_masked_line_knows_the_texts_of_bodies() -> None:
    vault = Vault()
    vault.body(content(json.dumps({"said": "client server"})), "body of an answer")
    assert Mask(vault, frozenset({"client", "server", "the"})).line("the client server") == "the …"


def test_no_text_is_missed_however_it_is_written() -> None:
    """Of random bodies, in JSON of many kinds: what an output's part stands in when it is decoded is always given."""
    random = Random(1)
    parts = ["9f8Zq2L", "mXv7Tb", "R4cKd6w", "плов", "/", "\\", '"', "%41", "\n", "\b", "<", " ", "\U0001f600", "\\u0041", "x"]
    given = 0
    for _ in range(2000):
        texts = ["".join(random.choices(parts, k=random.randrange(1, 9))) for _ in range(3)]
        kept = Bodies()
        for text in texts:
            said = json.dumps({"of": text}, ensure_ascii=random.random() < 0.5) if random.random() < 0.5 else text
            raw = json.dumps({"text": said}, ensure_ascii=random.random() < 0.5)
            kept.add((raw.replace("/", "\\/") if random.random() < 0.5 else raw).encode(), text)
        kept.settle()
        known = [form for form in _decoded(texts[0]) if len(form) >= 12]
        window = next((part for form in known for part in _windows(form.replace('"', " ").replace("<", " ").split(), 12)), None)
        if window is not None:
            given += 1
            assert any(window in form for text, kind in kept.holding([window]) if kind == texts[0] for form in _decoded(text))
    assert given > 500

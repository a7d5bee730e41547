"""The corpus of patterns/: every stanza against its own examples, and every sort of bad stanza refused by name."""

from pathlib import Path

import pytest
import regex

from conftest import patterns
from wslogs import check, signals
from wslogs.errors import PatternError
from wslogs.patterns import load
from wslogs.stanzas import Stanza

STANZAS = list(check.stanzas(patterns()))
SAYS = 'says = { en = "Seen.", ru = "Замечено." }\n'
TEXTS = "".join(f'{key} = {{ en = "It.", ru = "Оно." }}\n' for key in ("title", "explain", "remedy"))
TEXT = '[[signal]]\nid = "test.new"\nkinds = ["app"]\n'
EXAMPLES = 'examples = ["Frobnicated the 7th frob"]\ncounterexamples = ["nothing of that"]\n'


def test_the_corpus_is_not_empty() -> None:
    assert len(STANZAS) > 50
    assert sum(len(stanza.examples) for stanza in STANZAS) > len(STANZAS) - 1


@pytest.mark.parametrize("stanza", STANZAS, ids=lambda stanza: stanza.id)
def test_stanza(stanza: Stanza) -> None:
    assert list(check.problems(stanza, patterns())) == []


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A user's own patterns."""
    (tmp_path / "patterns").mkdir()
    return tmp_path / "patterns"


def refused(folder: Path, stanza: str) -> str:
    (folder / "zz-new.toml").write_text(stanza, "utf-8")
    with pytest.raises(PatternError) as error:
        check.run(folder)
    return str(error.value)


NEW = "zz-new.toml:1 [test.new]: "
BAD = {
    "an unknown table": ('[[signals]]\nid = "test.new"\n', "zz-new.toml: has an unknown table [[signals]] (did you mean signal?)"),
    "not TOML": ("[[signal]\n", "zz-new.toml: is not TOML"),
    "an unknown key": (
        f'{TEXT}text = "Frobnicated"\nneedles = ["frobnicated"]\nfail = true\n{SAYS}{EXAMPLES}',
        NEW + "has an unknown key `fail` (did you mean fails?)",
    ),
    "an unknown kind": ('[[signal]]\nid = "test.new"\nkinds = ["apps"]\ntext = "x"\n', NEW + "names the unknown kind `apps`"),
    "an unknown group": (f'{TEXT}text = "(?P<user>x)"\nneedles = []\n{SAYS}', NEW + "has the unknown group `user`"),
    "an expression that does not compile": (f'{TEXT}text = "("\nneedles = []\n{SAYS}', NEW + "bad expression"),
    "a signal that sees nothing": (f'[[signal]]\nid = "test.new"\n{SAYS}', NEW + "needs `text` or `where`"),
    "an unknown fact": (f'[[signal]]\nid = "test.new"\nwhere = {{ statu = 404 }}\n{SAYS}', NEW + "names the unknown fact `statu`"),
    "no Russian": (f'{TEXT}text = "Frob"\nneedles = ["frob"]\nsays = {{ en = "Seen." }}\n', NEW + "needs `says` in en and ru"),
    "no needles": (f'{TEXT}text = "Frob"\n{SAYS}', NEW + "lacks `needles`"),
    "a needle in capitals": (f'{TEXT}text = "Frob"\nneedles = ["Frob"]\n{SAYS}', NEW + "has a needle that is shorter than 3"),
    "a short needle": (f'{TEXT}text = "Frob"\nneedles = ["fr"]\n{SAYS}', NEW + "has a needle that is shorter than 3"),
    "an unknown signal in a cause": (
        f'[[cause]]\nid = "test.new"\nany = ["no.such-signal"]\n{TEXTS}',
        NEW + "names the unknown signal `no.such-signal`",
    ),
    "an unknown cause below": (
        f'[[cause]]\nid = "test.new"\nany = ["answered.404"]\noutranks = ["auth.nothing"]\n{TEXTS}',
        NEW + "outranks the unknown cause `auth.nothing`",
    ),
    "a cause without ru": (
        '[[cause]]\nid = "test.new"\nany = ["answered.404"]\ntitle = { en = "It." }\n',
        NEW + "needs `title` in en and ru",
    ),
    "a cause of nothing": (f'[[cause]]\nid = "test.new"\n{TEXTS}', NEW + "needs `all` or `any`"),
    "a circle": (
        "".join(
            f'[[cause]]\nid = "test.{a}"\nany = ["answered.404"]\noutranks = ["test.{b}"]\n{TEXTS}'
            for a, b in (("new", "other"), ("other", "new"))
        ),
        NEW + "outranks itself: test.new > test.other > test.new",
    ),
    "an event that does not exist": (
        '[[message]]\nid = "test.new"\nkinds = ["app"]\nmatch = "Frob"\nneedles = ["frob"]\nwhat = "explode"\n',
        NEW + "names the unknown event `explode`",
    ),
    "a time without its group": ('[[time]]\nid = "test.new"\nmatch = "x"\n', NEW + "lacks the group `time`"),
}


@pytest.mark.parametrize("why", BAD)
def test_a_bad_stanza_is_refused_by_name(why: str, folder: Path) -> None:
    stanza, says = BAD[why]
    assert refused(folder, stanza).startswith(says)


def test_a_name_that_is_taken_is_told_with_both_places(folder: Path) -> None:
    said = refused(folder, f'\n\n[[signal]]\nid = "answered.404"\nwhere = {{ status = 404 }}\n{SAYS}')
    assert regex.fullmatch(r"signals/facts\.toml:\d+ \[answered\.404\]: has the name of zz-new\.toml:3 \[answered\.404\]", said)


@pytest.mark.parametrize("loose", [".*", ".+", r"\S+", "[^ ]", r"\w+", r"\D", "[A-Za-z0-9_-]+", "[a-z]{4,40}", r"[\w ]*"])
def test_what_a_pattern_leaves_open_must_be_named(loose: str, folder: Path) -> None:
    said = refused(folder, f"{TEXT}text = 'Frobnicated {loose} frob'\nneedles = [\"frobnicated\"]\n{SAYS}{EXAMPLES}")
    assert said.startswith(NEW + "has `")
    assert "outside a named group" in said
    (folder / "zz-new.toml").write_text(
        f"{TEXT}text = 'Frobnicated (?P<text>{loose}) ?'\nneedles = [\"frobnicated\"]\n{SAYS}{EXAMPLES}", "utf-8"
    )
    assert "test.new" in load(folder).signals


PROBLEMS = {
    "an example that does not fire": (
        'text = "Frobnicates"\nneedles = ["frob"]\n' + EXAMPLES,
        ["does not fit its example: Frobnicated the 7th frob"],
    ),
    "a counterexample that fires": (
        'text = "nothing of that|Frobnicated"\nneedles = ["frob"]\n' + EXAMPLES,
        ["fits its counterexample: nothing of that"],
    ),
    "no example": ('text = "Frob"\nneedles = ["frob"]\n', ["has no example", "has no counterexample"]),
    "needles that lead elsewhere": (
        'text = "Frobnicated"\nneedles = ["elsewhere"]\n' + EXAMPLES,
        ["has no needle that leads to its example: Frobnicated the 7th frob"],
    ),
    "an example that gives something else": (
        "text = 'the (?P<count>\\d)th'\nneedles = [\"the\"]\n"
        'examples = [{ line = "Frobnicated the 7th frob", gives = { count = "8" } }]\ncounterexamples = ["nothing of that"]\n',
        ["gives count = '7', not '8', in: Frobnicated the 7th frob"],
    ),
}


@pytest.mark.parametrize("why", PROBLEMS)
def test_a_stanza_is_held_to_its_examples(why: str, folder: Path) -> None:
    stanza, says = PROBLEMS[why]
    (folder / "zz-new.toml").write_text(TEXT + SAYS + stanza, "utf-8")
    assert check.run(folder).problems == [NEW + one for one in says]


RIVALS = {
    "a format that takes another's example": (
        '[[access]]\nid = "test.new"\nlog_format = \'$remote_addr - $remote_user [$time_local] "$request" $status $bytes_sent '
        '"$http_referer" "$http_user_agent"\'\n'
        'examples = [\'203.0.113.24 - - [23/Nov/2026:04:24:25 +0000] "GET /ws HTTP/1.1" 101 2 "-" "M"\']\n'
        "counterexamples = ['x']\n",
        "access.combined",
    ),
    "a time that is known already": (
        '[[time]]\nid = "test.new"\nmatch = \'^(?P<time>\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d)\'\nform = "iso"\nresolution_s = 1.0\n'
        'examples = ["2026-11-23 12:00:00 INFO x"]\ncounterexamples = ["x"]\n',
        "time.iso",
    ),
    "a shape of two kinds": (
        '[[shape]]\nid = "test.new"\nkind = "console"\nmatch = "^INFO: {2,}"\nweight = 0.5\n'
        'examples = ["INFO:     x"]\ncounterexamples = ["x"]\n',
        "shape.uvicorn",
    ),
}


@pytest.mark.parametrize("why", RIVALS)
def test_an_example_that_another_stanza_takes_is_a_problem(why: str, folder: Path) -> None:
    stanza, other = RIVALS[why]
    (folder / "zz-new.toml").write_text(stanza, "utf-8")
    assert [problem.partition(" (")[0] for problem in check.run(folder).problems] == [f"{NEW}loses its example to {other}"]


def test_a_folder_without_patterns_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PatternError, match=r"holds no \.toml file"):
        check.run(tmp_path)


def test_a_corpus_without_an_example_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "one.toml").write_text(f'[[signal]]\nid = "test.new"\nwhere = {{ status = 404 }}\n{SAYS}', "utf-8")
    monkeypatch.setattr("wslogs.patterns.BUILTIN", tmp_path)
    with pytest.raises(PatternError, match="holds no example"):
        check.run()


def test_signals_name_facts_that_exist() -> None:
    signals.check(patterns())

"""Which kinds a log is of: one for each program in it, by the forms of its first lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from wslogs.bundle import HEAD
from wslogs.linewise import compiled, expression, runs
from wslogs.parsers import access
from wslogs.parsers.heads import Head, Heads
from wslogs.parsers.kit import Kit, decode

KINDS = ("nginx-access", "nginx-error", "console", "app", "probe", "host")
"""In the order in which a tie is broken."""
MIXED = ("nginx-error", "nginx-access", "app")
"""Kinds that one container writes to one log. In this order a line is asked whether it is of the kind."""
_SAMPLE = 400
_GLANCED = 32
"""Of lines that one in two must be of, so many are looked at before all are."""
_CLEAR = 0.9
"""A line that says so much for a kind is of it."""
_WHOLE = 2.5
"""What a line says for a kind whose expression fits it from end to end."""
_ROW = 0.9
"""What a line says for an access log that has no more than what all rows have: other servers write such, too."""
_WORDS = 1.0
"""What words that are known say for a kind; half of it where the line has no clear form of that kind and could be a row."""


def kinds(head: bytes, name: str, kit: Kit) -> dict[str, str]:
    """Program -> kind, by what the first lines hold; "" is the program of a log without names. Empty: not a log.

    The name only breaks ties.
    """
    scores: dict[str, dict[str, float]] = {}
    clear: dict[str, Counter[str]] = {}
    own_rows: set[str] = set()
    own = [shape.match for shape in kit.patterns.shapes if shape.rows]
    heads, judge = Heads(kit.patterns, "app"), _Judge(kit)
    for raw in head.splitlines()[:_SAMPLE]:
        text = decode(raw)
        if not text.strip():
            continue
        taken = heads.take(text)
        score = scores.setdefault(taken.program, dict.fromkeys(KINDS, 0.0))
        line = judge.scores(text, taken)
        for kind, value in line.items():
            score[kind] += value
        if any(shape.match(taken.bare) for shape in own):
            own_rows.add(taken.program)
        if (most := max(KINDS, key=line.__getitem__)) and line[most] >= _CLEAR:
            clear.setdefault(taken.program, Counter())[most] += 1
    if (near := heads.near) is not None:
        kit.near[name] = near
    found = {}
    for program, score in scores.items():
        best = max(KINDS, key=lambda kind: (score[kind], kind.removeprefix("nginx-") in name.lower(), -KINDS.index(kind)))
        best = "app" if best == "nginx-access" and program in own_rows else best
        if score[best] > 0:
            found[program] = best
            found |= {second(program, kind): kind for kind in _beside(best, clear.get(program, Counter()))}
    return found


def are_rows(head: bytes, kit: Kit) -> bool:
    """Whether all of the first lines are rows of access from end to end, so that none says anything else."""
    whole = head[: head.rfind(b"\n") + 1] if len(head) >= HEAD else head + b"\n"
    expressions = [one.expression.pattern for one in access.layouts(kit) if one.name not in _loose(kit)]
    others = [one.match.pattern for one in kit.patterns.wrappers] + [one.match.pattern for one in kit.patterns.shapes if one.rows]
    rows = compiled(rf"(?m)(?:(?:{'|'.join(expression(one) for one in expressions if runs(one))})\n|[ \t\r]*\n)*")
    wrapped = compiled(rf"(?m)^(?:{'|'.join(map(expression, others))})")
    return bool(whole.strip()) and rows.match(whole).end() == len(whole) and wrapped.search(whole) is None


def _loose(kit: Kit) -> set[str]:
    """Names of forms that rows of other servers have, too."""
    return {one.id for one in kit.patterns.accesses if one.match is not None}


def foreign(head: bytes, kit: Kit) -> str | None:
    """The name of a log that wslogs does not read yet, where most of the first lines look like one."""
    heads = Heads(kit.patterns, "app")
    lines = [raw for raw in head.splitlines()[:_SAMPLE] if raw.strip()]
    some = [heads.bare(decode(raw)) for raw in lines[:: 1 + len(lines) // _GLANCED]]
    suspects = [one for one in kit.patterns.foreigns if any(map(one.match.match, some))]
    texts = [text for raw in lines if (text := heads.bare(decode(raw))).strip()] if suspects else []
    for one in suspects:
        if 2 * sum(one.match.match(text) is not None for text in texts) > len(texts):
            return one.name
    return None


def second(program: str, kind: str) -> str:
    """The name under which a program stands once more, whose lines are of two kinds: nginx in a container, or all of a container."""
    return f"{program}\n{kind}"


def _beside(best: str, clear: Mapping[str, int]) -> list[str]:
    """Further kinds among the lines of one program. Rows of access alone beside an app's lines are those of its own server."""
    if best not in MIXED or not clear.get("nginx-error"):
        return []
    return [kind for kind in MIXED if kind != best and clear.get(kind)]


def majority(programs: Mapping[str, str]) -> str:
    """The kind of most programs in a file. The kernel and systemd write into everybody's log: it is theirs where nobody else does."""
    others = [kind for kind in programs.values() if kind != "host"]
    return Counter(others or programs.values()).most_common(1)[0][0]


class _Judge:
    """Tells what one line says for each kind. What the line is asked twice is worked out once."""

    def __init__(self, kit: Kit) -> None:
        self._formats = access.layouts(kit)
        self._loose = _loose(kit)
        weighty = sorted(kit.patterns.shapes, key=lambda shape: -shape.weight)
        self._shapes = {kind: [(s.match, s.weight) for s in weighty if s.kind == kind and s.weight] for kind in KINDS}
        self._readers = {kind: kit.reader(kind) for kind in KINDS}
        self._rows = Heads(kit.patterns, "nginx-access")

    def scores(self, text: str, taken: Head) -> dict[str, float]:
        """Kind -> what a line says for it, given the line and what it is without its head."""
        record = taken.bare.startswith("{") and self._rows.take(text).record
        row = _WHOLE if record else self._row(taken)
        if row == _WHOLE:  # what it quotes of a request says nothing for another kind
            return dict.fromkeys(KINDS, 0.0) | {"nginx-access": row}
        return {kind: row if kind == "nginx-access" else self._score(kind, taken, row) for kind in KINDS}

    def _score(self, kind: str, taken: Head, row: float) -> float:
        shape = next((weight for match, weight in self._shapes[kind] if match.match(taken.bare)), 0.0)
        said = _WORDS if self._readers[kind].read_all(taken.bare if kind == "nginx-error" else taken.text) else 0.0
        return shape + (said if shape >= _CLEAR or not row else said / 2)

    def _row(self, taken: Head) -> float:
        """What a line says for an access log."""
        found = next((f for f in self._formats for one in (taken.bare, f"{taken.logged} {taken.bare}") if f.match(one)), None)
        return 0.0 if found is None else _ROW if found.name in self._loose else _WHOLE

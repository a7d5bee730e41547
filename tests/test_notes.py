"""report/notes.py: notes are told in the reader's language, each that wslogs writes."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from conftest import ROOT
from wslogs import archives, bundle, evidence, streams
from wslogs.parsers import har
from wslogs.report.notes import NOTES, NUMBER, note
from wslogs.report.words import words

RU = words("ru").gettext


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("cut", "обрывается"),
        (
            "36444 lines in its middle are not read: it has more about WebSockets than are joined",
            "строк в середине не прочитано: 36444, потому что о WebSocket в нём больше строк, чем сводится вместе",
        ),
        ("line 7: the included file is not in the bundle", "строка 7: включаемого файла нет в наборе"),
        ("cannot be read: Permission denied", "не читается: Permission denied"),
        (
            "4 more files were left out: each is a link, which is not followed",
            "файлов пропущено ещё 4: каждый — ссылка, по ней wslogs не ходит",
        ),
        ("what nobody knows: 3 times", "what nobody knows: 3 times"),
        ("", ""),
    ],
)
def test_a_note_in_russian(text: str, told: str) -> None:
    assert note(text, RU) == told
    assert note(text, str) == text


@pytest.mark.parametrize("text", sorted(NOTES))
def test_a_translation_has_the_numbers_of_its_note(text: str) -> None:
    assert RU(text) != text and RU(text).count(NUMBER) == text.count(NUMBER)


def written(tree: ast.AST) -> Iterator[str]:
    """Literals that become notes: what is appended to notes, handed to `_note`, or raised as the reason that a file is left out."""
    for call in ast.walk(tree):
        if not isinstance(call, ast.Call) or not call.args:
            continue
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        owner = ast.unparse(call.func.value) if isinstance(call.func, ast.Attribute) else ""
        if name in ("_note", "Broken") or (name == "append" and owner.endswith(("notes", "notes.other"))) or name == "skip":
            said = call.args[-1]
            for one in said.elts if isinstance(said, ast.Tuple) else (said,):
                if isinstance(one, ast.Constant) and isinstance(one.value, str):
                    yield one.value
                elif isinstance(one, ast.JoinedStr):
                    yield "".join(part.value if isinstance(part, ast.Constant) else NUMBER for part in one.values)  # type: ignore[misc]


def sources() -> list[Path]:
    return [file for file in sorted((ROOT / "wslogs").rglob("*.py")) if not {"report", "probing", "cleaning"} & set(file.parts)]


def test_each_note_that_is_written_has_words_in_russian() -> None:
    found = {text for file in sources() for text in written(ast.parse(file.read_text("utf-8")))}
    found |= {archives.LINK, archives.NO_FILE, archives.ENCRYPTED, archives.SPARSE, archives.OVERLAPS, archives._DAMAGED}
    found |= {har.NO_ENTRY, *evidence._LEFT_OUT.values()}
    lacking = [text for text in found for part in ([text] if text in NOTES else text.split(": ")) if part not in NOTES | {NUMBER}]
    assert lacking == []
    assert note(streams.TOO_MUCH, RU) != streams.TOO_MUCH


def test_what_is_said_of_further_files_has_words_in_russian() -> None:
    some = bundle.Bundle("b", [], [])
    for number in range(bundle._MOST_ALIKE + 2):
        some.skip(f"{number}", archives.ENCRYPTED)
    assert [note(text, RU) for text in some.more()] == ["файлов пропущено ещё 2: каждый зашифрован"]

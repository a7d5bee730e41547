"""How the modules stand to each other: imports go down the floors, each module has its tests, and rooms keep their libraries."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "wslogs"

FLOORS = (
    ("cli",),
    ("collecting",),
    ("cleaning", "explain", "trials"),
    ("pipeline", "cluster", "processes", "verify", "check"),
    ("workers",),
    ("evidence",),
    ("detection",),
    ("parsers", "correlate", "facts", "signals", "verdict", "report", "tables", "quote"),
    ("endings", "storms", "probing"),
    ("bundle", "scan", "patterns"),
    ("blocks", "sampling"),
    ("remote",),
    ("archives",),
    ("streams",),
    ("rows",),
    ("stanzas",),
    ("mask",),
    ("times", "redact", "coverage"),
    ("crowd", "nets", "bodies"),
    ("classes",),
    ("columns",),
    ("leaks", "paths", "labels"),
    ("linewise", "sieve"),
    ("elision",),
    ("manifest", "model", "errors", "version", "resources"),
)
"""From the roof down; rooms of one floor meet in pipeline."""

EXCEPTIONS = {
    ("facts.address", "parsers.env"): "what was dialled is compared with the Setting that names it",
    ("facts.address", "parsers.nginx_conf"): "where nginx passes upgrades on is read off Directives",
    ("facts.address", "parsers.nginx_location"): "another host is asked for its Route",
    ("facts.timers", "parsers.nginx_conf"): "timers of the configuration are read off Directives",
    ("facts.timers", "parsers.nginx_route"): "the timer that holds where none is set stands there",
    ("facts", "parsers.nginx_conf"): "which logs are written is told by the Directives on the Route",
    ("facts.configuration", "parsers.nginx_conf"): "facts of configuration are read off Directives",
    ("facts.configuration", "parsers.nginx_location"): "try_files leads to a named location",
    ("facts.configuration", "parsers.nginx_route"): "facts of configuration are read off the Route of an attempt",
    ("facts.control", "parsers.nginx_location"): "what others asked is found by their Route",
    ("facts.control", "parsers.nginx_route"): "what others asked is found by their Route",
    ("facts.beside", "parsers.certificates"): "facts of TLS look at each Certificate",
    ("facts.beside", "parsers.compose"): "facts of containers look at each Service",
    ("facts.beside", "parsers.nginx_conf"): "what listens is compared with what the Route asks",
    ("facts.world", "parsers.certificates"): "the world of an attempt holds each Certificate",
    ("facts.world", "parsers.compose"): "the world of an attempt holds each Service",
    ("facts.world", "parsers.env"): "the world of an attempt holds each Setting",
    ("facts.world", "parsers.nginx_conf"): "the world of an attempt holds the configuration",
    ("facts.world", "parsers.nginx_location"): "the world of an attempt finds its Route",
    ("facts.world", "parsers.nginx_route"): "the world of an attempt keeps each Route",
    ("signals", "facts"): "a signal over a fact that does not exist is refused by facts.NAMES",
    ("tables", "report.contract"): "takes Found, the noun that the report is made of",
    ("report.amend", "parsers.nginx_conf"): "the remedy of a configuration edits a Directive",
    ("report.amend", "parsers.nginx_route"): "the remedy of a configuration edits what is on the Route",
    ("report.remedy", "parsers.nginx_conf"): "the remedy of a configuration edits a Directive",
    ("report.remedy", "parsers.nginx_route"): "the remedy of a configuration edits what is on the Route",
}
"""(module, what it imports) -> why it may, though that is above it or beside it."""

FACADES = {"", "__main__"}
"""`import wslogs` and `python -m wslogs` stand before the house."""

COVERED = {
    "cli.frame": "test_cli.py", "cli.analysis": "test_cli.py", "cli.knowledge": "test_cli.py", "cli.live": "test_cli.py",
    "cli.handing": "test_cleaning.py", "cleaning.browser": "test_cleaning.py", "cleaning.logs": "test_cleaning.py",
    "cleaning.packing": "test_cleaning.py", "cleaning.pieces": "test_cleaning.py", "cleaning.settings": "test_cleaning.py",
    "cleaning.texts": "test_cleaning.py",
    "manifest": "test_cleaning.py",
    **{f"probing.{name}": "test_probing.py" for name in (
        "answers", "certificates", "commands", "ladder", "link", "links", "model", "record", "session", "sockets", "way", "written",
    )},
    "elision": "test_patterns.py", "rows": "test_examples.py", "stanzas": "test_examples.py",
    "report.markdown": "test_report.py", "report.pictures": "test_report.py", "report.render": "test_report.py",
    "report.shape": "test_report.py", "report.view": "test_report.py", "report.words": "test_report.py",
    "report.write": "test_report.py",
    "sampling": "test_scan.py",
}  # fmt: skip
"""Module -> the file that tests it under another name."""

ROOMS = {"pandas": {"tables"}, "numpy": {
    "blocks", "classes", "columns", "correlate.align", "correlate.clocks", "crowd", "evidence", "model", "parsers.bulk", "parsers.har_file",
    "parsers.parts", "parsers.row_reader", "parsers.tally", "report.contract", "sieve", "storms", "verdict",
}}  # fmt: skip
"""Library -> the only modules that import it when they are loaded."""


def name_of(file: Path) -> str:
    parts = file.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


FILES = {name_of(file): file for file in sorted(PACKAGE.rglob("*.py"))}


def imports(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Every module imported anywhere in a file with its line; `from wslogs import x` names wslogs.x where that is a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: a relative import"
            for alias in node.names:
                inner = f"{node.module}.{alias.name}".removeprefix("wslogs.")
                yield (f"wslogs.{inner}" if f"{node.module}.".startswith("wslogs.") and inner in FILES else str(node.module)), node.lineno


def parsed(name: str) -> ast.Module:
    return ast.parse(FILES[name].read_text("utf-8"))


def floor(name: str) -> int:
    return next(level for level, rooms in enumerate(FLOORS) if name.partition(".")[0] in rooms)


def allowed(name: str, target: str) -> bool:
    room, other = name.partition(".")[0], target.partition(".")[0]
    return (room == other and "." in name + target) or floor(target) > floor(name)


def own(name: str) -> Iterator[tuple[str, int]]:
    for target, line in imports(parsed(name)):
        if target == "wslogs" or target.startswith("wslogs."):
            yield target.removeprefix("wslogs").removeprefix("."), line


def test_every_module_stands_on_a_floor() -> None:
    known = {room for rooms in FLOORS for room in rooms}
    assert {name.partition(".")[0] for name in FILES} - FACADES - known == set()


def test_imports_only_go_down() -> None:
    offenders = [
        f"{FILES[name].relative_to(ROOT).as_posix()}:{line} imports {target}"
        for name in FILES
        if name not in FACADES
        for target, line in own(name)
        if target and not allowed(name, target) and (name, target) not in EXCEPTIONS
    ]
    assert offenders == []


@pytest.mark.parametrize(("name", "target"), EXCEPTIONS)
def test_each_exception_is_still_needed(name: str, target: str) -> None:
    assert target in [found for found, _ in own(name)]
    assert not allowed(name, target)


def test_every_module_has_its_tests() -> None:
    files = {path.name for path in Path(__file__).parent.glob("test_*.py")}
    lacking = []
    for name, file in FILES.items():
        test = COVERED.get(name, f"test_{file.stem}.py")
        if not file.stem.startswith("__") and test not in files:
            lacking.append(f"{file.relative_to(ROOT).as_posix()} lacks tests/{test}")
    assert lacking == []


def test_nothing_is_covered_that_is_not_there() -> None:
    assert set(COVERED) - set(FILES) == set()


def test_no_module_imports_re() -> None:
    found = [name for name in FILES for target, _ in imports(parsed(name)) if target.partition(".")[0] == "re"]
    assert found == ["parsers.row_reader"], "there lines are so short that no expression of a format takes long"


@pytest.mark.parametrize("library", ROOMS)
def test_a_library_has_its_rooms(library: str) -> None:
    """Where it is imported with the module; a function or TYPE_CHECKING may name it elsewhere."""
    found = set()
    for name in FILES:
        top = ast.Module([node for node in parsed(name).body if isinstance(node, ast.Import | ast.ImportFrom)], [])
        if any(target.partition(".")[0] == library for target, _ in imports(top)):
            found.add(name)
    assert found == ROOMS[library]


def test_the_command_starts_light() -> None:
    heavy = ("pandas", "numpy", "jinja2", "msgspec", "rich.progress", "dask", "fsspec")
    code = f"import sys, wslogs.cli; print(sorted(set({heavy!r}) & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    assert run.stdout.strip() == "[]"

"""Commands: options become a call, its result an exit status."""

from __future__ import annotations

import gc
import io
import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wslogs.version import VERSION

if TYPE_CHECKING:
    from wslogs.explain import Explained
    from wslogs.pipeline import Progress

OK, FAILED, WRONG, UNDETERMINED, DEFECT = 0, 1, 2, 3, 4
_INTERRUPTED = 130
_COLLECTED = (100_000, 50, 1000)
"""When Python looks for circles of objects that nobody holds. Rows and events make none; to look as usual takes a third of the time."""
_FORMATS = ("html", "md", "json")

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)
patterns_app = typer.Typer(no_args_is_help=True, help="The knowledge: log formats, signals, causes.")
app.add_typer(patterns_app, name="patterns")


class Lang(StrEnum):
    """Languages of the reports."""

    EN = "en"
    RU = "ru"


Patterns = Annotated[list[Path] | None, typer.Option("--patterns", help="A folder of your own patterns; may be given again.")]


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"wslogs {VERSION}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")] = False,
) -> None:
    """Joins what a WebSocket left in browser, nginx and app, and names why it failed."""


@app.command()
def analyze(
    bundle: Annotated[list[Path], typer.Argument(help="A folder, a .zip, .tar, .tar.gz or .tar.zst, or single files. Only read.")],
    output: Annotated[Path, typer.Option(help="Where the reports go.")] = Path("wslogs-report"),
    format: Annotated[str, typer.Option(help="Which reports: html, md, json, with commas between.")] = "html,md,json",
    lang: Annotated[Lang, typer.Option(help="Language of the reports.")] = Lang.EN,
    since: Annotated[str | None, typer.Option(help="Only attempts from this time on, such as 2026-11-20T10:00Z.")] = None,
    until: Annotated[str | None, typer.Option(help="Only attempts up to this time.")] = None,
    addresses: Annotated[bool, typer.Option("--addresses", help="Show client addresses instead of labels.")] = False,
    quote: Annotated[bool, typer.Option("--quote", help="Quote whole lines, masked.")] = False,
    template: Annotated[str, typer.Option(help="ticket, postmortem, or one of your own in --templates.")] = "ticket",
    templates: Annotated[list[Path] | None, typer.Option(help="A folder of your own templates; may be given again.")] = None,
    patterns: Patterns = None,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="Exit with 0 healthy, 1 failure, 3 undetermined.")] = False,
) -> None:
    """Read a bundle, and write report.html, report.md and report.json; with --template postmortem, postmortem.html and .md."""
    formats = _formats(format)
    first, last = _time("--since", since), _time("--until", until)
    with _guarded():
        from wslogs.errors import BundleError
        from wslogs.pipeline import analyze as run
        from wslogs.report import render, terminal, write

        with _progress() as progress:
            result = run(
                bundle, lang=lang.value, since=first, until=last, addresses=addresses, quote=quote,
                patterns=patterns or (), progress=progress,
            )  # fmt: skip
            files = render(result.report, formats, lang.value, template=template, folders=templates or ())
        said = terminal(result.report, lang.value)
        result.check(files | {"the terminal": said.encode("utf-8", "replace")})
        try:
            written = write(files, output)
        except OSError as error:
            raise BundleError(str(output), f"cannot be written: {error.strerror or error.__class__.__name__}") from None
        typer.echo(said.rstrip())
        typer.echo("\n".join(str(path) for path in written))
    if exit_code:
        raise typer.Exit({"healthy": OK, "failure": FAILED}.get(result.report["verdict"]["status"], UNDETERMINED))


@app.command()
def diff(
    before: Annotated[Path, typer.Argument(help="report.json of before the change.")],
    after: Annotated[Path, typer.Argument(help="report.json of after it.")],
    markdown: Annotated[bool, typer.Option("--markdown", help="Print Markdown, for a ticket.")] = False,
    lang: Annotated[Lang, typer.Option(help="Language.")] = Lang.EN,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="Exit with 0 gone or healthy, 1 same, another or new, 3 unclear.")] = False,
) -> None:
    """Compare two reports: the cause is gone, the same, or another one."""
    with _guarded():
        from wslogs.report.compare import as_markdown, as_text, compare, load

        made = compare(load(before), load(after), lang.value)
        typer.echo((as_markdown if markdown else as_text)(made).rstrip())
    if exit_code:
        raise typer.Exit({"gone": OK, "healthy": OK, "unclear": UNDETERMINED}.get(made.outcome, FAILED))


@app.command()
def verify(
    report: Annotated[Path, typer.Argument(help="A report.json.")],
    bundle: Annotated[list[Path], typer.Argument(help="The bundle that it is of. Only read.")],
) -> None:
    """Check a report against its bundle: each file's hash, and each quoted line. Exit status 1 when something does not stand."""
    with _guarded():
        from wslogs.report.compare import load
        from wslogs.verify import verify as run

        checks = run(load(report), bundle)
        for one in checks:
            typer.echo(f"{one.state:8} {one.what}" + (f" -> line {one.line}" if one.state == "moved" else ""))
        wrong = sum(not one.holds for one in checks)
        typer.echo(f"{len(checks)} checks, {wrong} do not hold")
    if wrong:
        raise typer.Exit(FAILED)


@app.command()
def explain(
    files: Annotated[list[Path], typer.Argument(help="Logs, or a whole bundle: its files teach each other. Only read.")],
    lines: Annotated[str | None, typer.Option(help="Only these lines of each file, such as 10-40.")] = None,
    patterns: Patterns = None,
) -> None:
    """Show line by line what is read: form, fields, signals; of an unknown line how far the nearest form fits. Lines are masked."""
    first, last = _lines(lines)
    with _guarded():
        from wslogs.explain import explain as run

        source = ""
        for one in run(files, patterns or ()):
            if not first <= one.line <= last:
                continue
            if one.source != source:
                typer.echo(f"{one.source}:")
                source = one.source
            _echo(one)


def _echo(one: Explained) -> None:
    said = one.event or ("nothing about a WebSocket" if one.form else "")
    typer.echo(f"{one.line:6}  {one.form or ('not understood' if one.text else '')}{': ' if said else ''}{said}")
    if one.signals:
        typer.echo(f"        signals: {', '.join(one.signals)}")
    if one.text:
        typer.echo(f"        {one.text}")
    if one.nearest:
        typer.echo(f"        {' ' * one.caret}^ {one.nearest} fits up to here")


@app.command()
def codes(
    code: Annotated[int | None, typer.Argument(help="A close code such as 1006; without one all are listed.")] = None,
    lang: Annotated[Lang, typer.Option(help="Language.")] = Lang.EN,
    patterns: Patterns = None,
) -> None:
    """Tell what a WebSocket close code means, and what may stand behind it."""
    with _guarded():
        from wslogs.patterns import load
        from wslogs.report.guide import codes as told

        typer.echo(told(load(*(patterns or ())), code, lang.value))


@app.command()
def guide(
    cause: Annotated[
        str | None, typer.Argument(help="A detail such as proxy.read-timeout, a family such as proxy, or its number in the guide.")
    ] = None,
    lang: Annotated[Lang, typer.Option(help="Language.")] = Lang.EN,
    patterns: Patterns = None,
) -> None:
    """Tell how a cause is seen, what to do about it, and how to confirm it; without one, list all causes."""
    with _guarded():
        from wslogs.patterns import load
        from wslogs.report.guide import guide as told

        typer.echo(told(load(*(patterns or ())), cause, lang.value))


@app.command()
def testpage(
    out: Annotated[Path, typer.Option(help="Where the page goes.")] = Path("test_websocket.html"),
    lang: Annotated[Lang, typer.Option(help="Language that it opens in; it has both.")] = Lang.EN,
) -> None:
    """Write the test page: one file that dials a WebSocket, tells each event, and saves a log that analyze reads."""
    with _guarded():
        from wslogs.errors import BundleError
        from wslogs.patterns import load
        from wslogs.report.testpage import page

        try:
            out.write_bytes(page(load(), lang.value))
        except OSError as error:
            raise BundleError(str(out), f"cannot be written: {error.strerror or error.__class__.__name__}") from None
        typer.echo(out)


@patterns_app.command("list")
def list_patterns(
    kind: Annotated[str | None, typer.Option(help="Only those for lines of this kind, such as app.")] = None, patterns: Patterns = None
) -> None:
    """List every pattern: name, kinds of lines, file and line."""
    with _guarded():
        from wslogs.patterns import load

        for stanza, kinds in load(*(patterns or ())).stanzas():
            if kind is None or kind in kinds:
                typer.echo(f"{stanza.id:44} {','.join(kinds) or '-':36} {stanza.where.partition(' ')[0]}")


@patterns_app.command("try")
def try_line(line: Annotated[str, typer.Argument(help="One line of a log.")], patterns: Patterns = None) -> None:
    """Show what is read in one line."""
    with _guarded():
        from wslogs.explain import explain_line

        _echo(explain_line(line, patterns or ()))


@patterns_app.command("why")
def why(
    cause: Annotated[str, typer.Argument(help="A detail such as proxy.read-timeout.")],
    lang: Annotated[Lang, typer.Option(help="Language of the texts.")] = Lang.EN,
    patterns: Patterns = None,
) -> None:
    """Show what a cause is made of: its signals, what each one sees, and what it outranks."""
    with _guarded():
        from wslogs.explain import why as told
        from wslogs.patterns import load

        typer.echo(told(cause, load(*(patterns or ())), lang.value))


@patterns_app.command("check")
def check_patterns(
    folder: Annotated[Path | None, typer.Argument(help="A folder of your own patterns; default: those that come with wslogs.")] = None,
    samples: Annotated[bool, typer.Option(help="Try every cause on the recorded samples, where they are there.")] = True,
) -> None:
    """Run every pattern against its own examples and counterexamples, and look whether another takes an example first.

    In a checkout every cause is also tried on the recorded samples: it must not lose its own, nor win another's.
    """
    with _guarded():
        from wslogs import check, trials

        result = check.run(folder)
        recorded = trials.samples() if samples else None
        if recorded is not None and trials.concerned(folder):
            result.problems += trials.run(recorded, folder)
        for problem in result.problems:
            typer.echo(problem, err=True)
        typer.echo(f"{result.stanzas} patterns, {result.examples} examples, {len(result.problems)} problems")
    if result.problems:
        raise typer.Exit(FAILED)


def _lines(text: str | None) -> tuple[int, float]:
    """First and last line."""
    if text is None:
        return 1, float("inf")
    first, dash, last = text.partition("-")
    try:
        return int(first or 1), float("inf") if dash and not last else int(last or first)
    except ValueError:
        raise typer.BadParameter(f"{text} is no range; write it as 10-40", param_hint="--lines") from None


def _formats(text: str) -> list[str]:
    wanted = [part.strip() for part in text.split(",") if part.strip()]
    unknown = [part for part in wanted if part not in _FORMATS]
    if unknown or not wanted:
        raise typer.BadParameter(f"{', '.join(unknown) or 'nothing'}; give some of {', '.join(_FORMATS)}", param_hint="--format")
    return wanted


def _time(option: str, text: str | None) -> datetime | None:
    """An aware time; one without a zone is UTC, as everything in a report is."""
    if text is None:
        return None
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text} is no time; write it as 2026-11-20T10:00Z", param_hint=option) from None
    return when if when.tzinfo else when.replace(tzinfo=UTC)


@contextmanager
def _guarded() -> Iterator[None]:
    """Errors become a line and an exit status; a defect never quotes what it read."""
    from wslogs.errors import BundleError, LeakError, PatternError, TemplateError

    try:
        yield
    except BundleError as error:
        typer.echo(f"wslogs: {error}", err=True)
        raise typer.Exit(WRONG) from None
    except (PatternError, TemplateError) as error:
        typer.echo(f"wslogs: {error}", err=True)
        raise typer.Exit(WRONG) from None
    except LeakError as error:
        typer.echo(f"wslogs: {error}", err=True)
        raise typer.Exit(DEFECT) from None
    except KeyboardInterrupt:
        typer.echo("wslogs: stopped; nothing was written", err=True)
        raise typer.Exit(_INTERRUPTED) from None
    except (typer.Exit, typer.Abort):
        raise
    except BrokenPipeError:
        raise  # the reader has seen enough; typer ends quietly
    except OSError as error:
        typer.echo(f"wslogs: cannot read: {error.strerror or error.__class__.__name__}", err=True)
        raise typer.Exit(WRONG) from None
    except Exception as error:
        # An exception's text quotes its input, which may hold a secret: only its class and the places leave.
        places = [f"{Path(f.filename).name}:{f.lineno}" for f in traceback.extract_tb(error.__traceback__)[-4:]]
        where = f"{error.__class__.__name__} at {' < '.join(reversed(places))}"
        typer.echo(f"wslogs: a defect; please report this line alone, it holds nothing of the bundle: {VERSION}, {where}", err=True)
        if os.environ.get("WSLOGS_TRACEBACK"):
            raise
        raise typer.Exit(DEFECT) from None


@contextmanager
def _progress() -> Iterator[Progress | None]:
    """A bar on stderr, on a terminal only."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed}/{task.total}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("reading", total=None)

        def step(label: str, place: int, total: int) -> None:
            bar.update(task, description=label[-40:], completed=place, total=total, refresh=place == 0)

        yield step


def main() -> None:
    """The `wslogs` command."""
    gc.set_threshold(*_COLLECTED)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a console that lacks a character gets a question mark, not a defect
    app()

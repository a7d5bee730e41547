"""wslogs analyze, diff, verify: reports, what changed between two, and whether one still stands."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wslogs.cli.frame import FAILED, OK, STATUS, UNDETERMINED, Lang, Patterns, app, guarded, progressing

if TYPE_CHECKING:
    from wslogs.parsers import parts

_FORMATS = ("html", "md", "json")


class Engine(StrEnum):
    """Who reads the parts of large access logs."""

    LOCAL = "local"
    DASK = "dask"


@app.command()
def analyze(
    bundle: Annotated[
        list[str],
        typer.Argument(help="A folder, a .zip, .tar, .tar.gz or .tar.zst, single files, or addresses (s3://, gs://, https://). Only read."),
    ],
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
    engine: Annotated[Engine, typer.Option(help="Who reads large access logs: this machine, or workers of Dask.")] = Engine.LOCAL,
    scheduler: Annotated[
        str | None, typer.Option(help="Address of Dask's scheduler. Without it --engine dask starts a worker for each core here.")
    ] = None,
) -> None:
    """Read a bundle, and write report.html, report.md and report.json; with --template postmortem, postmortem.html and .md."""
    formats = _formats(format)
    first, last = _time("--since", since), _time("--until", until)
    if scheduler is not None and engine is not Engine.DASK:
        raise typer.BadParameter("it is of --engine dask", param_hint="--scheduler")
    with guarded():
        from concurrent.futures import ThreadPoolExecutor

        from wslogs.errors import BundleError
        from wslogs.pipeline import analyze as run
        from wslogs.report import prepare, render, terminal, write

        with ThreadPoolExecutor(1) as aside, _engine(engine, scheduler) as reads, progressing() as progress:
            # Templates are compiled while logs are read, which leaves room between blocks; a wrong one ends the run before its report.
            prepared = aside.submit(prepare, formats, lang.value, template=template, folders=templates or ())
            result = run(
                bundle, lang=lang.value, since=first, until=last, addresses=addresses, quote=quote,
                patterns=patterns or (), progress=progress, engine=reads,
            )  # fmt: skip
            prepared.result()
            files = render(result.report, formats, lang.value, template=template, folders=templates or ())
        said = terminal(result.report, lang.value)
        result.check(files | {"the terminal": said.encode("utf-8", "replace")})
        try:
            written = write(files, output)
        except OSError as error:
            raise BundleError.unwritten(output, error) from None
        typer.echo(said.rstrip())
        typer.echo("\n".join(str(path) for path in written))
    if exit_code:
        raise typer.Exit(STATUS[result.report["verdict"]["status"]])


@app.command()
def diff(
    before: Annotated[Path, typer.Argument(help="report.json of before the change.")],
    after: Annotated[Path, typer.Argument(help="report.json of after it.")],
    markdown: Annotated[bool, typer.Option("--markdown", help="Print Markdown, for a ticket.")] = False,
    lang: Annotated[Lang, typer.Option(help="Language.")] = Lang.EN,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="Exit with 0 gone or healthy, 1 same, another or new, 3 unclear.")] = False,
) -> None:
    """Compare two reports: the cause is gone, the same, or another one."""
    with guarded():
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
    with guarded():
        from wslogs.report.compare import load
        from wslogs.verify import verify as run

        checks = run(load(report), bundle)
        for one in checks:
            typer.echo(f"{one.state:8} {one.what}" + (f" -> line {one.line}" if one.state == "moved" else ""))
        wrong = sum(not one.holds for one in checks)
        typer.echo(f"{len(checks)} checks, {wrong} do not hold")
    if wrong:
        raise typer.Exit(FAILED)


@contextmanager
def _engine(engine: Engine, scheduler: str | None) -> Iterator[parts.Engine]:
    if engine is Engine.LOCAL:
        from wslogs.processes import read

        yield read
        return
    from wslogs.cluster import Cluster

    with Cluster(scheduler) as cluster:
        yield cluster


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

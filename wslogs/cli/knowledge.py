"""wslogs explain, codes, guide, patterns: what wslogs knows, and what it makes of a line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wslogs.cli.frame import FAILED, Lang, Patterns, app, guarded, patterns_app

if TYPE_CHECKING:
    from wslogs.explain import Explained


@app.command()
def explain(
    files: Annotated[list[Path], typer.Argument(help="Logs, or a whole bundle: its files teach each other. Only read.")],
    lines: Annotated[str | None, typer.Option(help="Only these lines of each file, such as 10-40.")] = None,
    patterns: Patterns = None,
) -> None:
    """Show line by line what is read: form, fields, signals; of an unknown line how far the nearest form fits. Lines are masked."""
    first, last = _lines(lines)
    with guarded():
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
    with guarded():
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
    with guarded():
        from wslogs.patterns import load
        from wslogs.report.guide import guide as told

        typer.echo(told(load(*(patterns or ())), cause, lang.value))


@patterns_app.command("list")
def list_patterns(
    kind: Annotated[str | None, typer.Option(help="Only those for lines of this kind, such as app.")] = None, patterns: Patterns = None
) -> None:
    """List every pattern: name, kinds of lines, file and line."""
    with guarded():
        from wslogs.patterns import load

        for stanza, kinds in load(*(patterns or ())).stanzas():
            if kind is None or kind in kinds:
                typer.echo(f"{stanza.id:44} {','.join(kinds) or '-':36} {stanza.where.partition(' ')[0]}")


@patterns_app.command("try")
def try_line(line: Annotated[str, typer.Argument(help="One line of a log.")], patterns: Patterns = None) -> None:
    """Show what is read in one line."""
    with guarded():
        from wslogs.explain import explain_line

        _echo(explain_line(line, patterns or ()))


@patterns_app.command("why")
def why(
    cause: Annotated[str, typer.Argument(help="A detail such as proxy.read-timeout.")],
    lang: Annotated[Lang, typer.Option(help="Language of the texts.")] = Lang.EN,
    patterns: Patterns = None,
) -> None:
    """Show what a cause is made of: its signals, what each one sees, and what it outranks."""
    with guarded():
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
    with guarded():
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

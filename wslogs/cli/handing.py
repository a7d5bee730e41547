"""wslogs redact, collect: bundles that are handed over."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from wslogs.cli.frame import Patterns, app, guarded, progressing

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


@app.command()
def redact(
    bundle: Annotated[
        list[str], typer.Argument(help="A folder, a .zip, .tar, .tar.gz or .tar.zst, single files, or addresses. Only read.")
    ],
    out: Annotated[Path, typer.Option(help="Where the clean bundle goes: a new folder, or a name that ends in .tar.gz.")],
    addresses: Annotated[bool, typer.Option("--addresses", help="Keep public client addresses.")] = False,
    patterns: Patterns = None,
) -> None:
    """Write the same bundle, safe to hand over, that analyze judges the same: secrets and names become pseudonyms."""
    with guarded():
        from wslogs.cleaning import redact as run

        with progressing() as progress:
            made = run(bundle, out, addresses=addresses, patterns=patterns or (), progress=progress)
        for label, why in made.left_out:
            typer.echo(f"left out: {label}: {why}", err=True)
        typer.echo(f"{len(made.files)} files, {made.values} values replaced; REDACTED.md in it tells what was done")
        typer.echo(out)


@app.command()
def collect(
    since: Annotated[str, typer.Option(help="From when on: 2h, 30m, 1d, or a time such as 2026-11-20T10:00Z.")] = "2h",
    nginx: Annotated[bool, typer.Option("--nginx/--no-nginx", help="Whether to take nginx's configuration and logs.")] = True,
    unit: Annotated[str | None, typer.Option(help="The app's unit in systemd: its journal is taken.")] = None,
    compose: Annotated[Path | None, typer.Option(help="The app's docker-compose.yml: what its services logged is taken.")] = None,
    app_log: Annotated[list[Path] | None, typer.Option(help="A log of the app; may be given again.")] = None,
    env: Annotated[Path | None, typer.Option(help="The .env that the front end was built with.")] = None,
    out: Annotated[Path, typer.Option(help="Where the bundle goes: a name that ends in .tar.gz, or a new folder.")] = Path("bundle.tar.gz"),
    addresses: Annotated[bool, typer.Option("--addresses", help="Keep public client addresses.")] = False,
) -> None:
    """Take from this Linux host what analyze needs, cleaned as redact does; nothing leaves the machine. Root sees more."""
    first = begin(since, time.time())
    with guarded():
        from wslogs.collecting import Wanted
        from wslogs.collecting import collect as run

        wanted = Wanted(since=first, nginx=nginx, unit=unit, compose=compose, app_logs=app_log or (), env=env)
        with progressing() as progress:
            made = run(wanted, out, addresses=addresses, progress=progress)
        for what, why in made.lacking:
            typer.echo(f"not taken: {what}: {why}", err=True)
        typer.echo(f"{len(made.taken)} files taken; COLLECTED.md in it tells which, and what to add from the browser")
        typer.echo(out)


def begin(text: str, now: float) -> float:
    """`2h`, `30m`, `1d` before now, or a time in ISO 8601 (UTC where it says no zone) -> epoch seconds."""
    number, unit = text[:-1], text[-1:]
    try:
        if number.isdecimal() and unit in _UNITS:
            return now - timedelta(**{_UNITS[unit]: int(number)}).total_seconds()
        when = datetime.fromisoformat(text)
        return (when if when.tzinfo is not None else when.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        raise typer.BadParameter(f"{text} is neither a span such as 2h nor a time", param_hint="--since") from None

"""wslogs redact, collect: bundles that are handed over."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from wslogs.cli.frame import Patterns, app, guarded, progressing


@app.command()
def redact(
    bundle: Annotated[list[Path], typer.Argument(help="A folder, a .zip, .tar, .tar.gz or .tar.zst, or single files. Only read.")],
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

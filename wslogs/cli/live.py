"""wslogs testpage: the checks of the guide that are made on a live system."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from wslogs.cli.frame import Lang, app, guarded


@app.command()
def testpage(
    out: Annotated[Path, typer.Option(help="Where the page goes.")] = Path("test_websocket.html"),
    lang: Annotated[Lang, typer.Option(help="Language that it opens in; it has both.")] = Lang.EN,
) -> None:
    """Write the test page: one file that dials a WebSocket, tells each event, and saves a log that analyze reads."""
    with guarded():
        from wslogs.errors import BundleError
        from wslogs.patterns import load
        from wslogs.report.testpage import page

        try:
            out.write_bytes(page(load(), lang.value))
        except OSError as error:
            raise BundleError(str(out), f"cannot be written: {error.strerror or error.__class__.__name__}") from None
        typer.echo(out)

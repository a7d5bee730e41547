"""What all commands share: the app, its options, and what an error becomes: a line and an exit status."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wslogs.version import VERSION

if TYPE_CHECKING:
    from wslogs.evidence import Progress

OK, FAILED, WRONG, UNDETERMINED, DEFECT = 0, 1, 2, 3, 4
STATUS = {"healthy": OK, "failure": FAILED, "undetermined": UNDETERMINED}
"""What --exit-code makes of a verdict."""
_INTERRUPTED = 130

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


@contextmanager
def guarded() -> Iterator[None]:
    """Errors become a line and an exit status; a defect never quotes what it read."""
    from wslogs.errors import BundleError, ClusterError, DefectError, LeakError, PatternError, TemplateError, places

    try:
        yield
    except BundleError as error:
        typer.echo(f"wslogs: {error}", err=True)
        raise typer.Exit(WRONG) from None
    except (ClusterError, PatternError, TemplateError) as error:
        typer.echo(f"wslogs: {error}", err=True)
        raise typer.Exit(WRONG) from None
    except (DefectError, LeakError) as error:
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
        told = f"{VERSION}, {places(error)}"
        typer.echo(f"wslogs: a defect; please report this line alone, it holds nothing of the bundle: {told}", err=True)
        if os.environ.get("WSLOGS_TRACEBACK"):
            raise
        raise typer.Exit(DEFECT) from None


@contextmanager
def progressing() -> Iterator[Progress | None]:
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

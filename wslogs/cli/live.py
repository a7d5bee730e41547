"""wslogs testpage, probe: the checks of the guide that are made on a live system."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from wslogs.cli.frame import STATUS, Lang, app, guarded


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
            raise BundleError.unwritten(out, error) from None
        typer.echo(out)


@app.command()
def probe(
    url: Annotated[str, typer.Argument(help="The WebSocket, such as wss://testdomen.uz/api/v1/ws; without the token.")],
    token_env: Annotated[str | None, typer.Option(help="The variable that holds the token.")] = None,
    token_file: Annotated[Path | None, typer.Option(help="The file that holds the token.")] = None,
    token_as: Annotated[str, typer.Option(help="Parameter of the query that carries it; `bearer` for the header Authorization.")] = "token",
    origin: Annotated[str, typer.Option(help="Origin of the page, such as https://app.testdomen.uz; default: that of the URL.")] = "",
    health: Annotated[str, typer.Option(help="URL of a check of health; default: /health on the same host.")] = "",
    direct: Annotated[str | None, typer.Option(help="HOST:PORT of the app behind the proxy, with its path where that differs.")] = None,
    connect_to: Annotated[str | None, typer.Option(help="HOST:PORT to connect to instead of what the name resolves to.")] = None,
    idle: Annotated[
        float, typer.Option(help="Seconds of silence on the open socket; more than proxy_read_timeout shows a cut.", min=0, max=7200)
    ] = 5.0,
    send: Annotated[str, typer.Option(help="First message; a secret one goes into --first-message-env.")] = "",
    first_message_env: Annotated[str | None, typer.Option(help="The variable that holds the first message.")] = None,
    limit: Annotated[float, typer.Option(help="Time limit of each step, seconds.", min=0.2, max=300)] = 10.0,
    out: Annotated[Path, typer.Option(help="Where probe.json goes, which analyze reads.")] = Path("probe.json"),
    lang: Annotated[Lang, typer.Option(help="Language.")] = Lang.EN,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="Exit with 0 healthy, 1 failure, 3 undetermined.")] = False,
) -> None:
    """Dial a WebSocket step by step, from its name to its close code, and tell which step breaks and why."""
    from wslogs.probing.model import Ask, AskError, address, endpoint

    token, message = _secret(token_env, "--token-env", token_file), _secret(first_message_env, "--first-message-env") or send
    try:
        ask = Ask(
            at=address(url), token=token, token_as=token_as, origin=origin.rstrip("/"), health=address(health) if health else None,
            direct=endpoint(direct) if direct else None, connect_to=endpoint(connect_to) if connect_to else None,
            send=message, idle_s=idle, limit_s=limit,
        )  # fmt: skip
    except AskError as error:
        raise typer.BadParameter(str(error)) from None
    with guarded():
        from wslogs.errors import BundleError
        from wslogs.parsers.kit import Kit
        from wslogs.patterns import load
        from wslogs.pipeline import analyze
        from wslogs.probing import ladder
        from wslogs.probing.written import written
        from wslogs.redact import Vault
        from wslogs.report import terminal
        from wslogs.report.probing import rungs

        vault, patterns = Vault(), load()
        known = vault.token(token, token_as) if token else None
        vault.secret(token, "token", password=True)
        vault.secret(message, "first message", password=True)
        vault.url(url)
        reader = Kit(patterns, vault).reader("probed")
        with _climbing(lang) as progress:
            run = ladder.run(ask, lambda text: reader.read_all(f"said: {text}").signals, progress)
        made, said = written(run, known), rungs(run, lang.value)
        vault.check({"probe.json": made, "the terminal": said.encode()}, [url, origin, health, direct or "", connect_to or ""])
        try:
            out.write_bytes(made)
        except OSError as error:
            raise BundleError.unwritten(out, error) from None
        result = analyze(out, lang=lang.value)
        verdict = terminal(result.report, lang.value)
        result.check({"the terminal": verdict.encode("utf-8", "replace")})
        typer.echo(f"{said}\n\n{verdict.rstrip()}\n{out}")
    if exit_code:
        raise typer.Exit(STATUS[result.report["verdict"]["status"]])


def _secret(variable: str | None, option: str, file: Path | None = None) -> str:
    """What a variable or the first line of a file holds; it is never given as a word of the command."""
    if variable is not None and file is not None:
        raise typer.BadParameter("give the variable or the file, not both", param_hint=option)
    if file is not None:
        try:
            return (file.read_text("utf-8-sig").splitlines() or [""])[0].strip()
        except (OSError, UnicodeDecodeError):
            raise typer.BadParameter("cannot be read", param_hint="--token-file") from None
    if variable is None:
        return ""
    if variable not in os.environ:
        raise typer.BadParameter("there is no such variable; give its name, not the secret itself", param_hint=option)
    return os.environ[variable].strip()


@contextmanager
def _climbing(lang: Lang) -> Iterator[Callable[[str, str], None] | None]:
    """The step that is being made, on stderr, on a terminal only."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console

    from wslogs.report.probing import title
    from wslogs.report.words import words

    reader = words(lang.value)
    with Console(stderr=True).status("") as status:
        yield lambda rung, side: status.update(title(rung, side, reader))

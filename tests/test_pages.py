"""Pages as Chromium shows them: nothing is said or asked, nothing runs, axe-core finds nothing, a phone and a printer take them."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Coroutine, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import regex

from wslogs.patterns import load
from wslogs.pipeline import analyze
from wslogs.report import render
from wslogs.report.testpage import page

pytestmark = [pytest.mark.lab, pytest.mark.xdist_group("pages")]

ROOT = Path(__file__).parent.parent
NPM = ROOT / ".venv" / "npm" / "node_modules"
SAMPLES = (
    "proxy/upgrade-headers-missing",
    "auth/token-expired",
    "server/killed",
    "tls/certificate-expired",
    "network/cut-midway",
    "healthy/noise",
)
PAGES = [
    *((name, "ticket", "en") for name in SAMPLES),
    ("proxy/read-timeout", "ticket", "ru"),
    ("server/killed", "postmortem", "en"),
    ("auth/turned-away-500-times", "postmortem", "ru"),
]
AXE = """axe.run(document, {resultTypes: ['violations']}).then(r => JSON.stringify(r.violations.map(
    v => v.id + ': ' + v.nodes.map(n => n.target.join(' ')).join(', '))))"""
MERMAID = "mermaid.parse(%s).then(d => d.diagramType, e => 'refused: ' + e.message)"


@pytest.fixture(scope="module", autouse=True)
def needed() -> Iterator[None]:
    from tests.lab.needs import chromium

    absent = [name for name, there in (("chromium", chromium()), ("axe-core", (NPM / "axe-core").is_dir())) if not there]
    if absent and os.environ.get("CI"):
        pytest.fail(f"pages cannot be looked at without {', '.join(absent)}")
    if absent:
        pytest.skip(f"pages cannot be looked at without {', '.join(absent)}: make test installs it")
    yield


@cache
def report(sample: str, lang: str) -> dict[str, Any]:
    return analyze(ROOT / "samples" / sample / "bundle", lang=lang).report


def file(folder: Path, sample: str, template: str, lang: str) -> Path:
    ((name, content),) = render(report(sample, lang), ["html"], lang, template=template).items()
    path = folder / name
    path.write_bytes(content)
    return path


def run(steps: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(asyncio.wait_for(steps, 90))


@pytest.mark.parametrize(("sample", "template", "lang"), PAGES, ids=["-".join(page).replace("/", "-") for page in PAGES])
def test_a_page(sample: str, template: str, lang: str, tmp_path: Path) -> None:
    path = file(tmp_path, sample, template, lang)

    async def look() -> None:
        from tests.lab.viewer import Viewer

        async with Viewer(tmp_path) as viewer:
            for width, dark in ((1280, False), (1280, True), (360, False), (360, True)):
                await viewer.show(path, width, dark=dark)
                assert viewer.said == []
                assert viewer.asked == [path.as_uri()]
                assert await viewer.value("document.documentElement.scrollWidth") <= width
                assert await viewer.value("document.scripts.length") == 0
                await viewer.value((NPM / "axe-core" / "axe.min.js").read_text("utf-8"))
                assert json.loads(await viewer.value(AXE)) == [], (width, dark)
            pages = len(regex.findall(rb"/Type\s*/Page\b", await viewer.printed()))
            assert 1 <= pages <= 12

    run(look())


def test_the_policy_stops_what_a_page_would_run(tmp_path: Path) -> None:
    """If a script, a style or a picture got into a page, the policy would stop it: what the templates do is not all there is."""
    path = file(tmp_path, "healthy/noise", "ticket", "en")
    bad = "<script>window.ran = 1</script><img src='https://192.0.2.1/p.png' onerror='window.ran = 2'><style>body { color: red }</style>"
    path.write_text(path.read_text("utf-8").replace("<main", f"{bad}<main"), "utf-8")

    async def look() -> None:
        from tests.lab.viewer import Viewer

        async with Viewer(tmp_path) as viewer:
            await viewer.show(path, 1280)
            assert await viewer.value("window.ran === undefined")
            assert await viewer.value("getComputedStyle(document.body).color") != "rgb(255, 0, 0)"
            assert len(viewer.said) >= 3

    run(look())


def test_mermaid_takes_every_diagram(tmp_path: Path) -> None:
    diagrams = {}
    for path in sorted((ROOT / "samples").glob("*/*/truth.json"))[::3]:
        for lang in ("en", "ru"):
            text = render(analyze(path.parent / "bundle", lang=lang).report, ["md"], lang)["report.md"].decode()
            diagrams |= dict.fromkeys(regex.findall(r"```mermaid\n(.*?)\n```", text, regex.DOTALL), f"{path.parent.name} {lang}")

    async def look() -> dict[str, str]:
        from tests.lab.viewer import Viewer

        async with Viewer(tmp_path) as viewer:
            await viewer.value((NPM / "mermaid" / "dist" / "mermaid.min.js").read_text("utf-8") + ";0")
            return {where: await viewer.value(MERMAID % json.dumps(one)) for one, where in diagrams.items()}

    assert len(diagrams) > 20
    assert set(run(look()).values()) == {"sequence"}


def test_the_test_page(tmp_path: Path) -> None:
    path = tmp_path / "test_websocket.html"
    path.write_bytes(page(load(), "ru"))

    async def look() -> None:
        from tests.lab.viewer import Viewer

        async with Viewer(tmp_path) as viewer:
            for width, dark in ((1280, False), (1280, True), (360, False)):
                await viewer.show(path, width, dark=dark)
                assert viewer.said == []
                assert viewer.asked == [path.as_uri()]
                await viewer.value("byId('url').value = 'no address'; dial(); 0")
                assert await viewer.value("document.querySelectorAll('#log li').length") == 1
                assert await viewer.value("document.documentElement.scrollWidth") <= width
                await viewer.value((NPM / "axe-core" / "axe.min.js").read_text("utf-8"))
                assert json.loads(await viewer.value(AXE)) == [], (width, dark)
            await viewer.value("byId('en').click(); 0")
            assert "This is no address" in await viewer.value("byId('log').textContent")

    run(look())

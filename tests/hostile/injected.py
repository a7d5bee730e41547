"""Bundles in which every field that an attacker controls holds what HTML, Markdown or a terminal would act on."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from random import Random
from urllib.parse import quote

from tests.hostile.inputs import Input, good, put
from tests.hostile.json_files import entry, har

STRINGS = (
    "</script><script>alert(1)</script>", "<img src=x onerror=alert(1)>", "\"><svg onload=alert(1)>", "'-alert(1)-'", "javascript:alert(1)",
    "`](javascript:alert(1))```\n# heading", "![x](http://evil.example/p.png)", "[x](http://evil.example/)", "@everyone #1 !2 :rocket:",
    "```mermaid\ngraph TD", "| a | b |\n|---|---|", "</details></style><style>*{display:none}</style>", "{{ 7*7 }}{% raw %}", "=cmd|' /C calc'!A0",
    "\u202egnp.exe\u2066", "\x1b[2J\x1b]0;owned\x07\x9b31m", "\r\nSet-Cookie: a=b", "\x00\x08\x7f\x85\u2028\u2029\ufeff", "&lt;b&gt;&#64;", "%3Cscript%3E%0d%0a",
)  # fmt: skip
"""What is put into the fields, one after another."""


def _folder(text: str) -> dict[str, bytes]:
    raw, coded = text.replace("\n", " ").replace("\r", " "), quote(text, safe="")
    escaped = "".join(chr(b) if 32 <= b < 127 and b not in b'"\\' else f"\\x{b:02X}" for b in raw.encode("utf-8", "surrogatepass"))
    rows = "".join(
        f'203.0.113.9 - {escaped} [23/Nov/2026:14:27:0{n} +0500] "GET /api/v1/ws/{path}?token={path} HTTP/1.1" {status} 0 "{escaped}" "{escaped}"\n'
        for n, (path, status) in enumerate(((escaped.replace(" ", "%20"), 403), (coded, 101), (raw.replace(" ", ""), 502), ("x", 400)))
    )
    error = (
        f"2026/11/23 14:27:03 [error] 7#7: *1 connect() failed (111: {raw}) while connecting to upstream, client: {raw}, server: {raw}, "
        f'request: "GET /api/v1/ws/{coded} HTTP/1.1", upstream: "http://{raw}:8000/", host: "{raw}", referrer: "{raw}"\n'
    )
    app = (
        f'INFO:     203.0.113.9:5000 - "WebSocket /api/v1/ws/{raw}" 403\nERROR:    Exception in ASGI application\nTraceback (most recent call last):\n'
        f'  File "/srv/{raw}.py", line 1, in {raw}\nValueError: {raw}\nINFO:     connection closed\n'
        f"INFO: closing handshake: 1008 (policy violation) {raw}\nreceived 1011 (internal error) {raw}; then sent 1011 (internal error) {raw}\n"
    )
    console = (
        f"{raw}.js:1 WebSocket connection to 'wss://{coded}/api/v1/ws/{coded}' failed: {raw}\n"
        f"ws closed code=1008 reason={raw}\nUncaught {raw}\nws closed 1006 {raw} wasClean: false\n"
    )
    headers = [{"name": name, "value": text} for name in ("Host", "Origin", "User-Agent", "Referer", text, "X-Request-Id")]
    tries = [
        entry(request={"method": text, "url": f"wss://{host}/api/v1/ws/{path}?{text}={text}", "headers": headers},
              response={"status": status, "statusText": text, "headers": headers, "_error": text},
              _webSocketMessages=[{"type": "error", "time": 1.0, "data": text}, {"type": "receive", "opcode": 8, "time": 2.0, "data": text}])
        for host, path, status in (("testdomen.uz", coded, 0), (text, text, 101), ("testdomen.uz", text, 403))
    ]  # fmt: skip
    conf = (
        "events {}\nhttp {\n log_format '" + raw.replace("'", "") + "' '$request $status';\n server {\n  listen 443 ssl;\n"
        f'  server_name testdomen.uz "{raw.replace(chr(34), "")}";\n  location "/api/v1/ws/{raw.replace(chr(34), "")}" {{\n'
        f'   proxy_pass "http://{raw.replace(chr(34), "")}:8000";\n   proxy_set_header X-A "{raw.replace(chr(34), "")}";\n  }}\n }}\n}}\n'
    )
    lines = json.dumps(
        {
            "time": "2026-11-23T09:27:00Z",
            "level": text,
            text: text,
            "logger": text,
            "message": f"WebSocket /api/v1/ws/{text} 403",
            "error": text,
        }
    )
    compose = f"services:\n  {json.dumps(text)}:\n    image: nginx\n    hostname: {json.dumps(text)}\n    ports: ['8000:80']\n"
    return {
        "access.log": rows.encode("utf-8", "surrogatepass"), "error.log": error.encode("utf-8", "surrogatepass"),
        "app.log": app.encode("utf-8", "surrogatepass"), "console.log": console.encode("utf-8", "surrogatepass"),
        "browser.har": har(*tries, pages=[{"id": "page_1", "title": f"https://{text}/"}], creator={"name": text, "version": text}),
        "nginx.conf": conf.encode("utf-8", "surrogatepass"), "json.log": (lines + "\n").encode() * 20, "docker-compose.yml": compose.encode(),
        ".env": f'VITE_API_BASE_URL="https://{raw}/api"\nA=/b\n'.encode("utf-8", "surrogatepass"),
    }  # fmt: skip


def _made(text: str) -> Input:
    place = STRINGS.index(text)

    def make(folder: Path, chance: Random) -> list[Path]:
        """Good logs, the hostile ones, and both once more under hostile names in an archive beside them."""
        files = {**good(), **{f"evil/{name}": content for name, content in _folder(text).items()}}
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in files.items():
                info = zipfile.ZipInfo()
                info.filename = name if "evil" not in name else f"{text}/{text}{name.rpartition('/')[2]}"
                info.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(info, content)
        return [put(folder, "bundle.zip", buffer.getvalue())]

    return Input(name=f"injected: {place:02} {ascii(text)[1:25]}", make=make, keeps=False)


def inputs() -> list[Input]:
    return [_made(text) for text in STRINGS]

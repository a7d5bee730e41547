"""What a browser saved, made anew from what is read of it: HAR, NetLog, the test page's log. Bodies, cookies, messages stay out."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, BinaryIO

import regex

from wslogs import times
from wslogs.cleaning.texts import LOOSE, LOOSEST, STRICT, Texts
from wslogs.parsers.har_file import Entry, Frame, Header, read
from wslogs.parsers.kit import Kit

_DATE = regex.compile(r"[A-Z][a-z]{2}, \d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT")
_WRITERS = frozenset({"WebInspector", "Firefox", "WebKit Web Inspector", "Playwright", "chrome-har", "Browsertime", "Firebug"})
_TYPE = regex.compile(r"[a-z]{1,20}")
_NETLOG_URL = b'"url":"'
_LONGEST = 8 << 20
_NAMED = ("offset", "timeTickOffset", "logEventTypes", "logSourceType", "logEventPhase", "netError", "certStatusFlag", "logFormatVersion")
_CONSTANT = regex.compile(r"[A-Za-z0-9_]{1,80}")


class Browser:
    """Makes a browser's files anew."""

    def __init__(self, kit: Kit, texts: Texts) -> None:
        self._kit, self._texts = kit, texts

    def har(self, raw: bytes) -> str:
        """The entries in their order, one a line. One that is cut stays so, for what comes after its end is not known."""
        opened = read(raw)
        pages = [{"id": f"page_{n}", "title": self._texts.url(t) if "://" in t else ""} for n, t in enumerate(opened.pages.values(), 1)]
        places = {page: f"page_{n}" for n, page in enumerate(opened.pages, 1)}
        writer = opened.writer.decode("utf-8", "replace")
        log = {"version": "1.2", "creator": {"name": writer if writer in _WRITERS else "", "version": ""}, "pages": pages}
        rows = [_json(self._entry(entry, places)) for entry in opened.entries]
        end = "\n]}}\n" if opened.whole else ",\n"
        return f'{{"log":{_json(log)[:-1]},"entries":[\n' + ",\n".join(rows) + end

    def _entry(self, entry: Entry, pages: Mapping[str, str]) -> dict[str, object]:
        made: dict[str, object] = {"startedDateTime": entry.started if times.parse(entry.started, "iso") is not None else ""}
        made["time"] = entry.time
        request = {"method": self._texts.line(entry.request.method), "url": self._texts.url(entry.request.url)}
        made["request"] = request | {"headers": self._headers(entry.request.headers)}
        response: dict[str, object] = {"status": entry.response.status, "headers": self._headers(entry.response.headers)}
        for name, words in (("_error", entry.response.error), ("_failureText", entry.response.failure)):
            response |= {name: self._words(words)} if words is not None else {}
        made["response"] = response
        made["timings"] = {"wait": entry.timings.wait, "receive": entry.timings.receive}
        if entry.pageref is not None:
            made["pageref"] = pages.get(entry.pageref, "")
        for name, word in (("_resourceType", entry.resource), ("_securityState", entry.security)):
            made |= {name: word} if word is not None and _TYPE.fullmatch(word) else {}
        if entry.frames is not None:
            made["_webSocketMessages"] = [self._frame(frame) for frame in entry.frames]
        return made

    def _frame(self, frame: Frame) -> dict[str, object]:
        """When a frame was and which way it went; only what the browser itself says of an error has words."""
        made: dict[str, object] = {"type": frame.type if _TYPE.fullmatch(frame.type) else "", "time": frame.time}
        return made | ({"data": self._words(frame.text)} if frame.type == "error" else {})

    def _headers(self, headers: Sequence[Header]) -> list[dict[str, str]]:
        return [{"name": h.name, "value": made} for h in headers if (made := self._header(h.name.lower(), h.value)) is not None]

    def _header(self, name: str, value: str) -> str | None:
        """The value of a header that is read, or helps a person; None of any other."""
        match name:
            case "date":
                return value if _DATE.fullmatch(value) else None
            case "age" | "sec-websocket-version":
                return value if regex.fullmatch(r"\d{1,9}", value) else None
            case "server" | "upgrade" | "connection" | "x-cache":
                return self._texts.line(value)
            case "origin":
                return self._texts.url(value)
            case "user-agent":
                return self._texts.agent(value)
            case "sec-websocket-key" | "x-request-id":
                return self._texts.names.of(value, "request header")
            case "sec-websocket-protocol":
                return self._texts.header(value)
        return None

    def _words(self, text: str) -> str:
        """The browser's own words, as strictly as leaves their reading what it was."""
        told, strict = self._read(text), self._texts.line(text, STRICT)
        levels = (strict, *(self._texts.line(text, level) for level in (LOOSE, LOOSEST)))
        return next((made for made in levels if self._read(made) == told), strict)

    def _read(self, text: str) -> object:
        reading = self._kit.reader("har").read_all(text)
        return reading.message.id if reading.message else None, reading.signals, sorted(reading.fields)

    def testpage(self, raw: bytes) -> str:
        """The page and its tries, a line each."""
        return "".join(f"{self._object(line, self._try)}\n" for line in raw.splitlines())

    def _try(self, told: dict[str, Any]) -> dict[str, object]:
        made: dict[str, object] = {}
        for name, value in told.items():
            match name:
                case "wslogs" if value == "testpage/1":
                    made[name] = value
                case "page" | "url" if isinstance(value, str):
                    made[name] = self._texts.url(value)
                case "agent" if isinstance(value, str):
                    made[name] = self._texts.agent(value)
                case "started" if isinstance(value, str):
                    made[name] = value if times.parse(value, "iso") is not None else ""
                case "reason" | "error" if isinstance(value, str):
                    made[name] = self._texts.line(value)
                case "opened" | "ended" | "code" | "clean" | "quiet" if value is None or isinstance(value, bool | int | float):
                    made[name] = value
        return made

    def netlog(self, stream: BinaryIO) -> Iterator[bytes]:
        """Line by line: the constants, and of an event its time, type, source, phase and what is read of its parameters."""
        for number, raw in enumerate(iter(lambda: stream.readline(_LONGEST), b"")):
            text = raw.decode("utf-8", "replace").strip()
            body = text.rstrip(",").removesuffix("]").rstrip(",")
            end = text[len(body) :]
            if number == 0 and text.startswith("{"):
                made = self._object((text.rstrip(",") + "}").encode(), _constants)
                yield (made[:-1] + ",\n").encode() if made != "{}" else self.whole(raw + stream.read())
            elif body.startswith("{"):
                yield f"{self._object(body.encode(), self._event)}{end}\n".encode()
            elif text.startswith('"polledData"'):
                yield b'"polledData": {}}\n' if text.endswith("}}") else b'"polledData": {}\n'
            else:
                yield (regex.sub(r"[^\[\]{},:\"events ]", "", text) + "\n").encode()

    def whole(self, raw: bytes) -> bytes:
        """The same of a NetLog on one line, or indented."""

        def made(told: dict[str, Any]) -> dict[str, object]:
            events = told.get("events")
            rows = [self._event(one) for one in events if isinstance(one, dict)] if isinstance(events, list) else []
            return _constants(told) | {"events": rows}

        return self._object(raw, made).encode()

    def _event(self, told: dict[str, Any]) -> dict[str, object]:
        made: dict[str, object] = {name: told[name] for name in ("phase", "time", "type") if _is_number(told.get(name))}
        if isinstance(params := told.get("params"), dict):
            made["params"] = self._params(params)
        if isinstance(source := told.get("source"), dict):
            made["source"] = _numbers(source, ("id", "start_time", "type"))
        return dict(sorted(made.items()))  # as Chromium writes it: the source before the time, by which a line is found

    def _params(self, params: dict[str, Any]) -> dict[str, object]:
        made: dict[str, object] = {name: params[name] for name in ("net_error", "opcode") if _is_number(params.get(name))}
        for name, value in params.items():
            match name, value:
                case "headers", list():
                    made[name] = [one for header in value if isinstance(header, str) and (one := self._line_of(header)) is not None]
                case "url" | "initiator", str():
                    made[name] = self._texts.url(value)
                case "proxy_chain", str():
                    made[name] = "[direct://]" if "direct://" in value else "[https://proxy]"
                case "message", str():
                    made[name] = self._words(value)
                case "source_dependency", dict():
                    made[name] = _numbers(value, ("id", "type"))
        return made

    def _line_of(self, header: str) -> str | None:
        """One header, or the first line of an answer."""
        if regex.match(r"HTTP/[\d.]{1,3} \d{3}", header):
            return self._texts.line(header)
        pseudo = ":" if header.startswith(":") else ""
        name, _, value = header.removeprefix(":").partition(":")
        if name.lower() == "status":
            return f"{pseudo}{name}: {self._texts.line(value.strip())}"
        made = self._header(name.lower(), value.strip())
        return None if made is None else f"{name}: {made}"

    @staticmethod
    def _object(raw: bytes, clean: Callable[[dict[str, Any]], dict[str, object]]) -> str:
        """An object of JSON made anew; an empty one where it is none."""
        try:
            told = json.loads(raw)
        except (ValueError, RecursionError):
            return "{}"
        return _json(clean(told)) if isinstance(told, dict) else "{}"


def _constants(told: dict[str, Any]) -> dict[str, object]:
    """Chromium's own numbers; what it says of the machine stays behind."""
    constants = told.get("constants")
    made: dict[str, object] = {}
    for name in _NAMED:
        value = constants.get(name) if isinstance(constants, dict) else None
        if isinstance(value, dict):
            made[name] = {key: one for key, one in value.items() if _CONSTANT.fullmatch(key) and _is_number(one)}
        elif _is_number(value):
            made[name] = value
    return {"constants": made} if made else {}


def _numbers(told: dict[str, Any], names: tuple[str, ...]) -> dict[str, object]:
    return {name: told[name] for name in names if _is_number(told.get(name))}


def _is_number(value: object) -> bool:
    return (isinstance(value, int | float) and not isinstance(value, bool)) or (isinstance(value, str) and value.isdecimal())


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))

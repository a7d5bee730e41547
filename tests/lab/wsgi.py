"""An older application that knows no WebSocket: WSGI, so that every request is an ordinary one."""

import json
from collections.abc import Callable, Iterable
from typing import Any

ANSWERS: dict[str, Any] = {
    "/health": {"status": "ok"},
    "/api/v1/me": {"id": "17"},
    "/api/v1/items": [{"id": number, "title": f"Заявка {number}"} for number in range(1, 6)],
    "/api/v1/notifications": {"unread": 0},
}


def app(environ: dict[str, Any], start: Callable[[str, list[tuple[str, str]]], Any]) -> Iterable[bytes]:
    found = ANSWERS.get(environ["PATH_INFO"])
    start("200 OK" if found is not None else "404 Not Found", [("Content-Type", "application/json")])
    return [json.dumps(found if found is not None else {"detail": "Not Found"}).encode()]

"""The guide's test page: one HTML file that dials a WebSocket, tells each event, and saves a log that `analyze` reads.

It loads nothing and talks to the socket alone (Content-Security-Policy). What a code means comes from patterns/codes.toml.
"""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256

import jinja2
import msgspec
from markupsafe import Markup

from wslogs import resources
from wslogs.patterns import Patterns
from wslogs.report.words import N_, words
from wslogs.version import VERSION

TEXTS = {
    "title": N_("WebSocket test page"),
    "lead": N_("Dials a WebSocket as your page does, shows each event, and saves a log for wslogs analyze. Nothing is sent anywhere else."),
    "address": N_("Address"),
    "token": N_("Token (never saved)"),
    "parameter": N_("Its parameter in the query"),
    "protocols": N_("Subprotocols, with commas"),
    "dial": N_("Open the socket"),
    "close": N_("Close the socket"),
    "again": N_("dial again after"),
    "seconds": N_("s"),
    "message": N_("Message to send"),
    "send": N_("Send"),
    "log": N_("Log, times in UTC"),
    "save": N_("Save log"),
    "clear": N_("Clear"),
    "saved": N_("Put the saved file into the folder for wslogs analyze. It holds no token and no message."),
    "har": N_("Also export a HAR"),
    "why": N_("A browser never tells a page why a handshake failed: the status and the reason stand in its own tools alone."),
    "how": N_("F12, Network, dial once more, \"Export HAR\"; in Console right-click, \"Save as...\". Put both into the folder."),
    "dialling": N_("Try %(number)s: %(url)s"),
    "address-wrong": N_("This is no address; it begins with ws:// or wss://."),
    "mixed": N_("This page came over https: browsers refuse ws:// from it (mixed content)."),
    "from-file": N_("Opened as a file, this page has the Origin null, which a server may refuse: put it on the site to test that."),
    "expired": N_("The token ran out %(ago)s ago."),
    "early": N_("The token is valid only in %(left)s."),
    "valid": N_("The token is valid for %(left)s more."),
    "refused": N_("The browser did not dial: %(error)s"),
    "opened": N_("Open after %(after)s s"),
    "received": N_("Received %(size)s bytes"),
    "sent": N_("Sent %(size)s bytes"),
    "failed": N_("Failed before it was open"),
    "ended": N_("Closed after %(after)s s: %(code)s, %(title)s"),
    "causes": N_("May be: %(causes)s"),
    "connecting": N_("connecting"),
    "open": N_("open"),
    "closing": N_("closing"),
    "closed": N_("closed"),
    "d": N_("d"),
    "h": N_("h"),
    "min": N_("min"),
    "s": N_("s"),
}  # fmt: skip
_LANGS = ("en", "ru")


def page(patterns: Patterns, lang: str) -> bytes:
    """The page, in both languages, `lang` first; the same patterns give the same bytes."""
    folder = resources.path("reports/templates")
    known = {
        "lang": lang,
        "version": VERSION,
        "texts": {one: {key: words(one).gettext(text) for key, text in TEXTS.items()} for one in _LANGS},
        "codes": [
            {
                "code": close.code,
                "last": close.last,
                "title": close.title,
                "explain": close.explain,
                "causes": [patterns.causes[name].title for name in close.causes],
                "once_open": [patterns.causes[name].title for name in close.once_open or close.causes],
            }
            for close in patterns.closes
        ],
    }
    # In a script "</" would end it (HTML standard, section 13.2.5.15).
    data = msgspec.json.encode(known).decode().replace("</", "<\\/")
    script = (folder / "testpage.js").read_text("utf-8").replace("/*known*/null", data)
    css = (folder / "testpage.css").read_text("utf-8")
    template = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, keep_trailing_newline=True).from_string(
        (folder / "testpage.html.j2").read_text("utf-8")
    )
    return template.render(
        lang=lang, version=VERSION, css=Markup(css), css_hash=_hash(css), script=Markup(script), script_hash=_hash(script)
    ).encode()  # fmt: skip


def _hash(text: str) -> str:
    return b64encode(sha256(text.encode()).digest()).decode()

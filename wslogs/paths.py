"""Which parts of a path may stand in a report: those that name a kind of thing, never those that name one thing or someone."""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache

import regex

from wslogs.elision import ELIDED

_MOST = 12
"""Segments of a path that are shown."""
_VERSION = regex.compile(r"v?\d{1,3}")
_PLAIN = regex.compile(r"(?i)[a-z][a-z_\-.]{0,31}|v\d{1,3}|[a-z]{2,12}[-_]?\d{1,2}")
"""What a segment looks like that a configuration names: words, maybe with a short number."""
_TINY = regex.compile(r"[a-z]{1,2}")
_PARTS = regex.compile(r"[-_.]|(?<=[a-z])(?=[A-Z])")
WORDS = frozenset(
    regex.findall(
        r"[a-z]+",
        """
a about access account accounts action actions active activity add address addresses admin agent agents alarm alarms alert alerts all
analytics announcements answer answers api app application applications apps archive article articles asgi asset assets async attach
audio audit auth authenticate backend background balance balances base bff bids bid board boards book booking bookings books bot bots
broadcast broker browser build builds bus buy cable cache calendar call callback callbacks calls camera candles captcha card cards cart
catalog category center cgi chain change changes channel channels chart charts chat chats check checkout class client clients cloud
cluster code collab collaboration collection command commands comment comments common company competition completion completions config
connect connected connection connections console consume consumer contact contacts content control conversation conversations core
count crm cron css current customer customers cursor daily dashboard dashboards data date day debug default delivery demo deploy
deployment depth desk dev device devices devtools dialog dialogs direct discovery dispatch dist doc docs document documents dom domain
download downloads driver drivers echo edge edit editor email embed en endpoint endpoints engine entity env error errors event eventbus
events example exchange exec export exports external favicon feed feeds file files filter finance fleet folder font fonts form forms
frontend front full game games gateway general generate get global gps graph graphiql graphql group groups guest handler handshake
health healthcheck healthz heartbeat help history home hook hooks host hot hotel html http hub hubs ice icon icons id image images img
inbox index indicator info inspect instance integration internal invoice invoices io iot item items jobs job join journal js json jupyter
kernel kernels key keys lab language layout lead leads legacy level lib link links list listen listener live livez lobby local location
locations log login logout logs mail main manager manifest map market marketdata markets master match matches me media meeting meetings
member members menu message messages messaging meta metric metrics mobile model models module modules money monitor monitoring mqtt msg
music my nan negotiate net network new news next nginx node nodes none note notebook notes notification notifications notify now null
object objects offer office old on online open order orderbook orders org organization origin out output page pages panel partner path
pay payment payments peer people ping play player players plugin policy poll polling pong port portal post posts presence preview price
prices private probe process product production products profile profiles progress project projects prod provider proxy pub public
publish pubsub purchase push query question questions queue queues quote quotes rates react reactive read ready readyz realtime real
receive record records redirect refresh register relay reload remote render replay report reports request requests resource resources
response rest result results review reviews role room rooms root route router routes rpc rt run runner runs sale sales scan schedule
schema score scores screen script scripts search secure seller send sensor sensors serve server servers service services session
sessions settings setup share shared shell shop shops sign signal signaling signalling signalr signin signup site sites sock sockets
socket sockjs speech sse stage staging start state static stats status stock stocks stomp stop storage store stores stream streamer
streaming streams style styles sub subscribe subscription subscriptions subscriber summary support survey svc swagger sync system table
tables tag task tasks team teams telemetry template templates term terminal test testing tests text thread threads ticker tickers ticket
tickets time timeline token tokens tool tools topic topics trace track tracker tracking trade trader trades trading traffic transaction
transactions transcribe transport transports trip trips tts tty tunnel tunnels type ui undefined unknown up update updates upgrade upload
uploads url user users util utils v vehicle vehicles version versions video view viewer views vite voice vote wallet watch watcher web
webhook webhooks webpack webrtc websocket websockets webtransport well widget widgets work worker workers workflow workspace workspaces
write ws wss www xhr xml yjs you
accept accepted allow allowed bad big blocked broken busy close closed crash crashed dead denied deny drop dropped early empty exit expire
expired fail failed fast found gone hang hold huge idle keep killed kick large late left limited long lost missing moved ok other plain
quick quit raise raised raw refuse refused reject rejected reset retry short silent simple slow small throttled wrong
apple by conn ip limit per req zone bin etc usr var opt srv lib html conf hmr
""",
    )
)
"""Words of paths that name nobody. Lower-case; a plural of one is one as well."""


def shown_path(path: str | None, named: Collection[str] = ()) -> str:
    """A path with every segment elided that is neither a known word, a version, nor `named`: what the bundle's configuration calls it.

    A room, a user, a token and a random word look alike; only what is known to name a kind of thing may pass.
    """
    if not path:
        return ELIDED
    return "/".join(s if not s or s in named or known(s) else ELIDED for s in path.split("/")[:_MOST])


@lru_cache(8192)
def known(segment: str) -> bool:
    """Whether a segment is made of known words: `ws`, `socket.io`, `live-events`, `wsChat`, `v1`."""
    if _TINY.fullmatch(segment):
        return True
    parts = _PARTS.split(segment, maxsplit=5)
    return len(parts) < 6 and all(map(_word, parts)) and not segment.isdecimal()


def _word(part: str) -> bool:
    word = part.lower()
    return word in WORDS or word.removesuffix("s") in WORDS or _VERSION.fullmatch(word) is not None


def configured(path: str) -> frozenset[str]:
    """The segments of a path of nginx.conf or .env that may be shown wherever they stand: those that look like words."""
    return frozenset(s for s in path.split("/")[:_MOST] if _PLAIN.fullmatch(s) and len(s) > 1)


def hidden(path: str) -> list[str]:
    """The segments that `shown_path` elides."""
    return [s for s in path.split("/") if s and not known(s)]

"""Who may open a socket, and how the app says that one may not."""

from tests.lab.model import App, Page, Proxy, Scenario, Site, User, ws_location
from tests.lab.scenarios.causes import OTHER

AUTHS: tuple[Scenario, ...] = (
    Scenario(
        name="auth/plan-without-realtime",
        causes=("auth.policy",),
        story="The plan of one user does not include realtime: the app says so in its log and refuses before accepting, so that "
        "the browser sees 403. Another user gets in.",
        proxy=Proxy(access="json"),
        app=App(log="json", options={"barred": ["17"]}),
        page=Page(tries=4, first_wait_ms=700),
        users=(User("aziza"), OTHER),
        formats="JSON access log; JSON app log",
        compact_har=True,
        seconds=9,
    ),
    Scenario(
        name="auth/address-denied",
        causes=("auth.policy",),
        story="The location of the socket allows one office's addresses and denies the rest: nginx answers 403 itself. A user of "
        "that office gets in.",
        proxy=Proxy(sites=(Site(locations=ws_location(more="allow 198.51.100.0/24;\n            deny all;")),), access="timed"),
        app=App(log="timed"),
        page=Page(words="en", tries=4, first_wait_ms=700),
        users=(User("aziza"), OTHER),
        formats="timed; app log with times",
        compact_har=True,
        seconds=9,
    ),
    Scenario(
        name="auth/suspended-4403",
        causes=("auth.policy",),
        story="hypercorn's app accepts the socket, finds the account suspended and closes with 4403 and that reason.",
        proxy=Proxy(access="combined"),
        app=App(server="hypercorn", options={"suspended": ["17"], "suspended_code": 4403}),
        page=Page(tries=4, first_wait_ms=1500, dials=4),
        users=(User("aziza"), OTHER),
        formats="combined; hypercorn's log",
        compact_har=True,
        seconds=10,
    ),
    Scenario(
        name="auth/expired-401",
        causes=("auth.token-expired",),
        story="The token ran out an hour ago, and the app refuses the socket with 401 before accepting.",
        proxy=Proxy(access="upstream"),
        app=App(server="gunicorn", options={"refuses_with_401": True}),
        page=Page(words="en", tries=4, first_wait_ms=700),
        users=(User("aziza", expires_in_s=-3600), OTHER),
        formats="upstream format with ISO times; gunicorn's log, with lines of uvicorn",
        compact_har=True,
        seconds=9,
    ),
    Scenario(
        name="auth/token-under-another-name",
        causes=("auth.token-missing",),
        story="The new build sends the token as access_token, and the app wants token: refused with 403 before the handler is "
        "called, without a word in the app's log. A phone's app with the older name gets in.",
        proxy=Proxy(access="timed"),
        app=App(log="timed", options={"token_required": True}),
        page=Page(tries=4, first_wait_ms=700, token_name="access_token"),
        users=(User("aziza"), User("timur", "198.51.100.31", subject="23", at_s=1, script=True, stays_s=5)),
        formats="timed; app log with times",
        compact_har=True,
        seconds=9,
    ),
    Scenario(
        name="auth/closed-4401",
        causes=("auth.token-invalid",),
        story="The package websockets serves the socket, and the app closes with 4401 a user whose token has another key's "
        "signature. Another user stays.",
        proxy=Proxy(access="json"),
        app=App(server="websockets", log="timed"),
        page=Page(words="objects", tries=4, first_wait_ms=1500, dials=4),
        users=(User("aziza", forged=True), OTHER),
        formats="JSON access log; app log with times and lines of websockets",
        compact_har=True,
        seconds=10,
    ),
)

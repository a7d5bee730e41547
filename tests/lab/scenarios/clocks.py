"""Clocks that disagree: zones that a log does not tell, a clock that is wrong, one that changes, and a log without times."""

from dataclasses import replace

from tests.lab.model import App, Event, Page, Proxy, Scenario, Site, User, ws_location
from tests.lab.scenarios.causes import NO_PINGS, OTHER

READ_TIMEOUT = (Site(locations=ws_location(read_timeout="4s")),)

CLOCKS: tuple[Scenario, ...] = (
    Scenario(
        name="proxy/clock-goes-back",
        causes=("proxy.read-timeout",),
        story="Summer time ends in the middle: the clock goes back an hour, on the host of nginx and in the app. "
        "Silent sockets are ended by proxy_read_timeout after four seconds, before and after.",
        proxy=Proxy(sites=READ_TIMEOUT, access="timed", error_level="info", zone="autumn"),
        app=App(log="timed", arguments=NO_PINGS, zone="autumn"),
        page=Page(words="en", first_wait_ms=600),
        users=(User("aziza"), User("timur", "198.51.100.31", subject="23", recorded=False, at_s=1.5)),
        clock_changes_at_s=9.5,
        formats="timed, its offset changes; error_log and app log with local times and no zone, an hour comes twice",
        seconds=21,
    ),
    Scenario(
        name="server/clock-goes-forward",
        causes=("server.shutdown",),
        story="Summer time begins in the middle: the clock goes forward an hour, on the host of nginx and in the app. "
        "Two deploys, one before and one after: uvicorn gets SIGTERM, is away for two seconds, and comes back.",
        proxy=Proxy(access="combined", zone="spring"),
        app=App(log="timed", zone="spring"),
        page=Page(heartbeat_ms=2000, tries=8, first_wait_ms=500),
        users=(User("aziza"), OTHER),
        events=(Event(4, "app-stop"), Event(6, "app-start"), Event(12, "app-stop"), Event(14, "app-start")),
        clock_changes_at_s=9.5,
        formats="combined, its offset changes; error_log and app log with local times and no zone, an hour is missing",
        seconds=20,
    ),
    Scenario(
        name="server/untimed-restart",
        causes=("server.shutdown",),
        story="Two deploys: uvicorn gets SIGTERM and closes its sockets with 1012, is away for two seconds, and comes "
        "back. Its own log has no times: the lines of its starts stand between those of the sockets, as untimed as they are.",
        proxy=Proxy(access="timed"),
        page=Page(words="en", heartbeat_ms=2000, tries=8, first_wait_ms=500),
        users=(User("aziza"), OTHER),
        events=(Event(6, "app-stop"), Event(8.5, "app-start"), Event(14, "app-stop"), Event(16, "app-start")),
        formats="timed; uvicorn's own log without times, two starts in its middle",
        seconds=21,
    ),
    Scenario(
        name="server/untimed-kill",
        causes=("server.crashed",),
        story="uvicorn is killed with SIGKILL and started again a second and a half later, twice. Its own log has no times "
        "and tells of no end, only of new starts between the lines of the sockets.",
        proxy=Proxy(access="timed"),
        page=Page(heartbeat_ms=2000, tries=8, first_wait_ms=500),
        users=(User("aziza"), OTHER),
        events=(Event(5, "app-kill"), Event(6.5, "app-start"), Event(13, "app-kill"), Event(14.5, "app-start")),
        formats="timed; uvicorn's own log without times, two starts in its middle",
        seconds=20,
    ),
    Scenario(
        name="server/browser-clock-minutes",
        causes=("server.timeout",),
        story="The browser's clock is 187 s behind the servers'. The app thinks about each socket for six seconds "
        "before it accepts, and nginx waits for three: 504.",
        proxy=Proxy(sites=(Site(locations=ws_location(read_timeout="3s")),), access="timed"),
        app=App(log="timed", options={"accept_after_s": 6}),
        page=Page(words="objects", tries=4),
        console_times=True,
        skew_s=187,
        formats="timed; app log with times; console with times; skew +187 s",
        seconds=18,
    ),
    Scenario(
        name="protocol/browser-clock-days",
        causes=("protocol.message-too-big",),
        story="The browser's clock is two days, three hours and eleven minutes ahead. The page sends a draft of 24 kB "
        "and uvicorn takes at most 16 KiB: it closes with 1009.",
        proxy=Proxy(access="timed"),
        app=App(log="timed", arguments=("--ws-max-size", "16384"), zone="Europe/Moscow"),
        page=Page(words="en", upload_bytes=24_000, tries=4, first_wait_ms=2500),
        users=(User("aziza"), OTHER),
        skew_s=-(2 * 86_400 + 3 * 3600 + 11 * 60),
        formats="timed; app log with local times (+03:00) and no zone; skew -2 d 3 h 11 min",
        seconds=12,
    ),
    Scenario(
        name="auth/app-clock-wrong",
        causes=("auth.token-invalid",),
        story="The app runs on another host, whose clock is 95 s behind nginx's. The signing key was changed and one "
        "user still has a token of the old one: refused with 403 before accepting. Another user gets in.",
        proxy=Proxy(access="timed"),
        app=App(log="timed"),
        page=Page(tries=5, first_wait_ms=700),
        users=(User("aziza", forged=True), OTHER),
        app_skew_s=95,
        formats="timed; app log with times and no zone, 95 s behind",
        seconds=14,
    ),
    Scenario(
        name="server/kathmandu",
        causes=("server.crashed",),
        story="nginx and the app run in Kathmandu, at +05:45. uvicorn is killed with SIGKILL twice, and started again "
        "a second and a half later.",
        proxy=Proxy(access="timed", zone="Asia/Kathmandu"),
        app=App(log="timed", zone="Asia/Kathmandu"),
        page=Page(heartbeat_ms=2000, tries=8, first_wait_ms=500),
        users=(User("aziza", zone="Asia/Kathmandu"), OTHER),
        events=(Event(6, "app-kill"), Event(7.5, "app-start"), Event(13, "app-kill"), Event(14.5, "app-start")),
        console_times=True,
        formats="timed at +0545; error_log, app log and console with local times and no zone",
        seconds=20,
    ),
    Scenario(
        name="auth/app-in-tashkent",
        causes=("auth.token-missing",),
        accept=("auth.token-invalid",),
        story="nginx runs on UTC, the app on another host in Tashkent, and its log has local times without a zone. The "
        "page dials before anyone signed in and sends token=null: refused with 403. Another user gets in.",
        proxy=Proxy(access="combined"),
        app=App(log="timed", zone="Asia/Tashkent"),
        page=Page(words="en", tries=5, first_wait_ms=600),
        users=(replace(OTHER, at_s=0), User("aziza", signed_in=False, zone="Asia/Tashkent", at_s=2)),
        formats="combined at +0000; app log with local times (+05:00) and no zone",
        seconds=13,
    ),
)

"""What two files tell twice is one event; what happened twice stays."""

from typing import Any

import pytest

from conftest import NOON, event, source, token
from wslogs.correlate.duplicates import distinct
from wslogs.model import Event, Source


def row(file: str, line: int, at: float | None = 0.0, **fields: Any) -> Event:
    told: dict[str, Any] = {"path": "/ws", "status": 403, "token": token("t"), "client": "192.0.2.1"} | fields
    return event(source=file, line=line, at=None if at is None else NOON + at, **told)


def words(file: str, *said: str, start: float | None = None, step: float = 10.0) -> list[Event]:
    """Lines of an app, from line 1 on; without times where there is no start."""
    return [
        event("app", "note", source=file, line=n, at=None if start is None else NOON + start + (n - 1) * step, excerpt=text)
        for n, text in enumerate(said, 1)
    ]


def left(*events: Event, sources: tuple[Source, ...] = ()) -> list[tuple[str, int]]:
    return [(e.source, e.line) for e in distinct(events, {one.path: one for one in sources})]


def test_of_files_with_the_same_bytes_the_first_label_stays() -> None:
    same = (source("b.log", sha256="f0"), source("a.log", sha256="f0"))
    assert left(row("b.log", 1, None), row("a.log", 1, None), sources=same) == [("a.log", 1)]


@pytest.mark.parametrize("other", [source("b.log", sha256="f1"), source("b.log", sha256="")])
def test_other_bytes_are_another_file(other: Source) -> None:
    rows = row("a.log", 1, None), row("b.log", 1, None)
    assert left(*rows, sources=(source("a.log", sha256="f0"), other)) == [("a.log", 1), ("b.log", 1)]


def test_two_programs_in_one_file_are_not_copies() -> None:
    programs = (source("all.log [web]", sha256="f0"), source("all.log [api]", "app", "app", sha256="f0"))
    told = row("all.log [web]", 1), *words("all.log [api]", "accepted", start=0)
    assert len(left(*told, sources=programs)) == 2


def test_a_line_that_stands_in_two_files_is_one() -> None:
    whole = [row("access.log", n, n) for n in (1, 2, 3)]
    part = [row("copy.log", 1, 2), row("copy.log", 2, 3), row("copy.log", 3, 4)]
    assert left(*whole, *part) == [("access.log", 1), ("access.log", 2), ("access.log", 3), ("copy.log", 3)]


def test_a_line_that_stands_twice_in_one_file_happened_twice() -> None:
    assert left(row("a.log", 1), row("a.log", 2), row("b.log", 1)) == [("a.log", 1), ("a.log", 2)]
    assert left(row("a.log", 1), row("b.log", 1), row("b.log", 2)) == [("a.log", 1), ("b.log", 2)]


@pytest.mark.parametrize("other", [{"client": "192.0.2.2"}, {"token": token("u")}, {"status": 404}, {"lasted_s": 2.0}, {"path": "/chat"}])
def test_lines_that_differ_are_two(other: dict[str, Any]) -> None:
    assert len(left(row("a.log", 1), row("b.log", 1, **other))) == 2


def test_lines_without_a_time_are_never_the_same() -> None:
    assert len(left(row("a.log", 1, None), row("b.log", 1, None))) == 2


def test_rotation_in_the_middle_of_a_second_keeps_both() -> None:
    """The old file ends and the new one begins in one second, with the same words."""
    assert len(left(row("access.log.1", 1, 0), row("access.log.1", 2, 9), row("access.log", 1, 9), row("access.log", 2, 20))) == 4


def test_a_docker_log_beside_the_log_of_the_program_is_one() -> None:
    """Docker's times are a moment later and in UTC, the program's are local."""
    own = words("app.log", "accepted", "closed 1000", "accepted", "refused", start=5 * 3600)
    docker = words("docker.log", "accepted", "closed 1000", "accepted", "refused", start=0.25)
    logs = source("docker.log", "app", "app"), source("app.log", "app", "app", zoned=False)
    assert left(*docker, *own, sources=logs) == [("app.log", n) for n in (1, 2, 3, 4)]


def test_the_longer_of_two_logs_stays() -> None:
    own = words("app.log", "accepted", "closed 1000", "refused", start=10)
    docker = words("docker.log", "started", "accepted", "closed 1000", "refused", start=0)
    assert left(*own, *docker) == [("docker.log", n) for n in (1, 2, 3, 4)]


@pytest.mark.parametrize(
    "other",
    [
        words("other.log", "accepted", "refused", "closed 1000", start=0.5),  # another order
        words("other.log", "accepted", "closed 1000", "refused", start=0.5, step=60.0),  # at another pace
        words("other.log", "accepted", "closed 1000", start=0.5),  # too little to tell
        words("other.log", "accepted", "closed 1000", "refused", "shutdown", start=0.5)[1:],  # something that the first does not hold
    ],
)
def test_two_workers_are_two_logs(other: list[Event]) -> None:
    own = words("app.log", "accepted", "closed 1000", "refused", start=0)
    assert len(left(*own, *other)) == len(own) + len(other)


@pytest.mark.parametrize(("said", "kept"), [(("accepted", "closed", "refused"), 3), (("refused", "refused", "refused"), 6)])
def test_copies_without_times_must_say_enough(said: tuple[str, ...], kept: int) -> None:
    assert len(left(*words("app.log", *said), *words("docker.log", *said))) == kept


def har(file: str, line: int, at: float = 0.0, lasted_s: float | None = 60.0, **fields: Any) -> Event:
    told: dict[str, Any] = {"path": "/ws", "token": token("t"), "status": 101, "logged": "12:00"} | fields
    return event("browser", source=file, line=line, at=NOON + at, lasted_s=lasted_s, **told)


def test_of_two_exports_of_one_page_the_longer_try_stays() -> None:
    """The first was made while the socket was open."""
    early = [har("a.har", 1, lasted_s=None)]
    late = [har("b.har", 1, lasted_s=300.0), har("b.har", 2, at=400.0)]
    assert left(*early, *late) == [("b.har", 1), ("b.har", 2)]


def test_exports_that_say_the_same_are_one() -> None:
    assert left(har("a.har", 1), har("b.har", 1)) == [("a.har", 1)]


def test_the_key_of_the_handshake_tells_a_try_whatever_its_time() -> None:
    assert left(har("a.har", 1, key="k"), har("b.har", 1, at=5, key="k")) == [("a.har", 1)]
    assert len(left(har("a.har", 1, key="k"), har("b.har", 1, key="l"))) == 2


@pytest.mark.parametrize("other", [{"token": token("u")}, {"path": "/chat"}, {"at": 0.001}])
def test_two_users_in_the_same_millisecond_are_both_kept(other: dict[str, Any]) -> None:
    assert len(left(har("a.har", 1), har("b.har", 1, **other))) == 2


def test_tries_of_one_file_are_all_kept() -> None:
    assert len(left(har("a.har", 1), har("a.har", 2))) == 2


def test_two_workers_may_say_the_same_in_one_second() -> None:
    told = [
        event("app", "accepted", source=f"worker{n}.log", at=NOON + 60 * n * k, line=k + 1, path="/ws", excerpt="accepted")
        for n in (1, 2)
        for k in range(2)
    ]
    assert distinct(told, {}) == told


def test_a_rotated_log_of_a_steady_retry_loop_is_no_copy() -> None:
    def log(file: str, first: int, count: int) -> list[Event]:
        rows = range(count)
        return [
            event("app", "refused", source=file, line=n + 1, at=NOON + first + 10 * n, path="/ws", status=403, excerpt="403") for n in rows
        ]

    told = [*log("app.log.1", 0, 5), *log("app.log", 50, 4)]
    assert distinct(told, {}) == told

"""What a run has seen so far, and who is told before each rung."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Literal

from wslogs.model import Fact
from wslogs.probing import commands
from wslogs.probing.model import Answer, Ask, Run, Rung

Progress = Callable[[str, str], None]
"""Called before each rung with its name and side."""


class Record:
    """The rungs of one run, as they are made."""

    def __init__(self, ask: Ask, run: Run, progress: Progress | None) -> None:
        self.ask, self.run, self._progress = ask, run, progress

    def begin(self, rung: str, side: str = "url") -> float:
        if self._progress is not None:
            self._progress(rung, side)
        return time.monotonic()

    def told(
        self, rung: str, began: float, *, side: Literal["url", "direct"] = "url", why: str = "", seen: dict[str, Fact] | None = None,
        signals: tuple[str, ...] = (), path: str | None = None, origin: str = "", token: bool = False,
    ) -> None:  # fmt: skip
        at = self.ask.at.path if path is None else path
        by_hand = commands.for_rung(self.ask, rung, side, path=at, origin=origin, token=token)
        self.run.rungs.append(
            Rung(
                id=rung, side=side, state="failed" if why else "passed", why=why, took_s=time.monotonic() - began, seen=seen or {},
                signals=signals, command=by_hand,
            )
        )  # fmt: skip

    def skip(self, why: str, *rungs: str, side: Literal["url", "direct"] = "url") -> None:
        self.run.rungs += [Rung(id=rung, side=side, state="skipped", why=why) for rung in rungs]

    def clock(self, answer: Answer) -> None:
        if answer.date is not None and self.run.offset_s is None:
            self.run.offset_s = answer.date + 0.5 - (time.time() - answer.took_s / 2)
            self.run.offset_error_s = 0.5 + answer.took_s / 2

"""What happens to those who dial: sockets that open, and spells in which they do not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from heapq import heappop, heappush
from random import Random

from benchmarks.users import User, user

START = 1795392000
"""2026-11-23 00:00 UTC: the first second of every log."""
DAY_S = 86400
PER_TOKEN = 20
REDIAL_S = 3
"""What the page waits before it dials again."""
_CYCLE_S = DAY_S // 4
_SPELL_S, _SPELL = 120, 0.05
"""A spell is so many seconds long, and at most this share of its cycle."""
SPELLS = ((0.30, 502), (0.55, 404), (0.80, 499))
"""(where in a cycle, what all are answered): the app is down; nginx has no location for it; the app hangs and clients go."""
_AROUND, _FEW = 50, 5
"""So many tokens before and after the middle one dial at one time; in a spell fewer, again and again."""
_LASTED_S, _LONGEST_S = 40, 240


@dataclass(frozen=True, slots=True)
class Dial:
    """One try; it ended `at` seconds after the first second, and lasted whole seconds."""

    at: int
    status: int
    user: User
    lasted_s: int
    number: int


@dataclass(frozen=True, slots=True)
class Story:
    """`dials` tries of about `tokens` tokens, evenly over so many seconds."""

    seed: int
    seconds: int
    dials: int
    tokens: int

    def spell(self, at: float) -> int:
        """What everyone is answered in this second; 101 outside the spells."""
        length = self.seconds / max(1, round(self.seconds / _CYCLE_S))
        within = at % length
        for where, status in SPELLS:
            if 0 <= within - where * length < min(_SPELL_S, _SPELL * length):
                return status
        return 101

    def __iter__(self) -> Iterator[Dial]:
        """The tries by their ends. A user whose token has expired dials in a row, and is refused each time."""
        random = Random(f"dials {self.seed}")
        crowd, per = _Crowd(self), max(1.0, self.dials / self.tokens)
        waiting: list[tuple[int, int, User]] = []
        seen, spell = 0, -_LONGEST_S
        for number in range(self.dials):
            at = number * self.seconds // self.dials
            middle = int(number / per)
            for newcomer in range(seen, middle + 1):
                if crowd.user(newcomer, at).expired:
                    for again in range(round(per)):
                        heappush(waiting, (at + again * REDIAL_S, newcomer, crowd.user(newcomer, at)))
            seen = max(seen, middle + 1)
            status = self.spell(at)
            spell = spell if status == 101 else at
            if waiting and waiting[0][0] <= at:
                yield Dial(at, 403 if status == 101 else status, heappop(waiting)[2], 0, number)
                continue
            around = min(_AROUND if status == 101 else _FEW, self.tokens // 10 + 1)
            lasted = min(at - spell, _LONGEST_S, int(random.expovariate(1 / _LASTED_S))) if status == 101 else 5 if status == 499 else 0
            yield Dial(at, status, crowd.near(random, middle, around, at), lasted, number)


class _Crowd:
    """The users by number; those long gone are forgotten."""

    def __init__(self, story: Story) -> None:
        self._story = story
        self._users: dict[int, User] = {}

    def user(self, number: int, at: int) -> User:
        if number not in self._users:
            random = Random(f"user {self._story.seed} {number}")
            self._users[number] = user(random, number, START + at)
            self._users.pop(number - 4 * _AROUND, None)
        return self._users[number]

    def near(self, random: Random, middle: int, around: int, at: int) -> User:
        """One of those around the middle whose token is good; the middle one where all have expired."""
        last = self._story.tokens - 1
        number = min(last, max(0, middle + random.randint(-around, around)))
        for step in range(2 * around):
            found = self.user(max(0, number - step), at)
            if not found.expired:
                return found
        return self.user(min(last, middle), at)

"""The two families of what goes wrong: the patterns are bad, or the bundle cannot be used."""

from __future__ import annotations

import traceback
from pathlib import Path


def shown(text: str) -> str:
    """A text without control, bidirectional and other characters that nobody sees: names of files may hold any."""
    return "".join(char if char.isprintable() else "\ufffd" for char in text)


def places(error: BaseException) -> str:
    """The kind of an error and the lines where it came about, the last first: its text quotes its input, which may hold a secret."""
    found = [f"{Path(frame.filename).name}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)[-4:]]
    return f"{error.__class__.__name__} at {' < '.join(reversed(found))}"


class WslogsError(Exception):
    """Base of every error that wslogs raises on purpose; its text is ready to be shown."""

    def __init__(self, text: str) -> None:
        super().__init__(shown(text))


class PatternError(WslogsError):
    """A stanza in patterns/ is wrong. Says which file and stanza, and what to do; analysis does not start."""

    def __init__(self, where: str, what: str, hint: str = "") -> None:
        self.where, self.what, self.hint = where, what, hint
        super().__init__(f"{where}: {what}" + (f" ({hint})" if hint else ""))


class BundleError(WslogsError):
    """Nothing in the bundle can be analysed. Says which path, why, and what to do."""

    def __init__(self, path: str, what: str, hint: str = "") -> None:
        self.path, self.what, self.hint = path, what, hint
        super().__init__(f"{path}: {what}" + (f" ({hint})" if hint else ""))

    @classmethod
    def unwritten(cls, path: object, error: OSError) -> BundleError:
        """What was made of it has no place to go."""
        return cls(str(path), f"cannot be written: {error.strerror or error.__class__.__name__}")

    def __reduce__(self) -> tuple[type[BundleError], tuple[str, str, str]]:
        return BundleError, (self.path, self.what, self.hint)  # it comes back from workers of a cluster


class ClusterError(WslogsError):
    """A cluster cannot be used. Says why, and what to do."""


class DefectError(WslogsError):
    """A defect of wslogs on a worker. Says its kind and place, and nothing of what was read."""


class TemplateError(WslogsError):
    """A template is missing or wrong. Says which one, where and why; nothing is written."""

    def __init__(self, where: str, what: str, hint: str = "") -> None:
        super().__init__(f"{where}: {what}" + (f" ({hint})" if hint else ""))


class LeakError(WslogsError):
    """A secret of the bundle stood in a finished output; nothing was written. Names the kind of secret, never its value."""

"""The file that wslogs puts into a bundle it made: for people, and no evidence."""

from __future__ import annotations

HEAD = "<!-- wslogs: about this bundle; not evidence -->"
"""Its first line, by which it is known whatever it is called."""
NAME = "REDACTED.md"


def is_manifest(head: bytes) -> bool:
    """Whether a file begins like one."""
    return head.startswith(HEAD.encode())

"""wslogs: joins what a WebSocket left in browser, nginx and app, and names why it failed.

import wslogs
result = wslogs.analyze("bundle/")
result.report, result.attempts, result.events
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from wslogs.pipeline import Analysis, analyze

__all__ = ["Analysis", "analyze"]


def __getattr__(name: str) -> Any:
    """Loaded at the first use: pandas costs a third of a second, which `import wslogs` alone need not pay."""
    if name in __all__:
        from wslogs import pipeline

        return getattr(pipeline, name)
    raise AttributeError(f"module 'wslogs' has no attribute {name!r}")

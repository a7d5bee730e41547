"""Files on disk, whole or not at all."""

from collections.abc import Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from secrets import token_hex


def write(files: Mapping[str, bytes], directory: Path) -> list[Path]:
    """Put every file in place, or leave the directory as it was.

    An error in the middle, Ctrl-C included, brings back what stood there before. Raises OSError.
    """
    # They unwind from the right: what was replaced comes back, temporary files go, then the folders made for them.
    with ExitStack() as made, ExitStack() as always, ExitStack() as undo:
        for folder in reversed([directory, *directory.parents]):
            if not folder.exists():
                made.callback(_remove_empty, folder)
                folder.mkdir()
        # The cleaning up is promised before there is something to clean up: Ctrl-C may fall between two lines.
        moves = [(_beside(directory, name, always), directory / name) for name in files]
        for (fresh, _), data in zip(moves, files.values(), strict=True):
            with fresh.open("xb") as file:
                file.write(data)
        for fresh, target in moves:
            _put(fresh, target, _beside(directory, target.name, always), undo)
        undo.pop_all()
        made.pop_all()
    return [target for _, target in moves]


def _put(fresh: Path, target: Path, old: Path, undo: ExitStack) -> None:
    if target.is_dir():
        raise IsADirectoryError(f"{target} is a folder")
    if target.exists() or target.is_symlink():
        undo.callback(_back, old, target)
        target.rename(old)
    else:
        undo.callback(target.unlink, missing_ok=True)
    fresh.replace(target)


def _back(old: Path, target: Path) -> None:
    if old.exists() or old.is_symlink():
        old.replace(target)


def _remove_empty(folder: Path) -> None:
    with suppress(OSError):  # Ctrl-C before it was made, or someone else's file in it
        folder.rmdir()


def _beside(directory: Path, name: str, always: ExitStack) -> Path:
    path = directory / f".{name}.{token_hex(6)}"
    always.callback(path.unlink, missing_ok=True)
    return path

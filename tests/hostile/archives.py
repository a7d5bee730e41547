"""Archives that lie: bombs, overlaps, names, links, sizes."""

from __future__ import annotations

import gzip
import io
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

from tests.hostile.inputs import Input, good, put
from wslogs.streams import zstd

MIB = 1 << 20


def _zip(name: str, fill: Callable[[zipfile.ZipFile, Random], None], says: str = "", *, keeps: bool = True, **more: bool) -> Input:
    def make(folder: Path, chance: Random) -> list[Path]:
        with zipfile.ZipFile(folder / "bundle.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            for file, content in good().items():
                archive.writestr(file, content)
            fill(archive, chance)
        return [folder / "bundle.zip"]

    return Input(name=f"zip: {name}", make=make, says=says, keeps=keeps, **more)


def _changed(name: str, change: Callable[[bytes], bytes], says: str = "", *, keeps: bool = True, refused: bool = False) -> Input:
    """A good zip, changed afterwards."""

    def make(folder: Path, chance: Random) -> list[Path]:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for file, content in good().items():
                archive.writestr(file, content)
            archive.writestr("zzz.log", b"INFO:     connection open\n" * 2000)
        return [put(folder, "bundle.zip", change(buffer.getvalue()))]

    return Input(name=f"zip: {name}", make=make, says=says, keeps=keeps, refused=refused)


def _tar(name: str, fill: Callable[[tarfile.TarFile, Random], None], says: str = "", *, suffix: str = ".tar", dear: bool = False) -> Input:
    def make(folder: Path, chance: Random) -> list[Path]:
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
            for file, content in good().items():
                _add(archive, file, content)
            fill(archive, chance)
        pack = {".tar": bytes, ".tar.gz": lambda raw: gzip.compress(raw, 1), ".tar.zst": zstd.compress}[suffix]
        return [put(folder, "bundle" + suffix, pack(buffer.getvalue()))]

    return Input(name=f"tar: {name}", make=make, says=says, dear=dear)


def _add(archive: tarfile.TarFile, name: str, content: bytes = b"", kind: bytes = tarfile.REGTYPE, link: str = "") -> None:
    info = tarfile.TarInfo(name)
    info.size, info.type, info.linkname = len(content), kind, link
    archive.addfile(info, io.BytesIO(content))


def _zeros(archive: zipfile.ZipFile, name: str, mib: int) -> None:
    with archive.open(name, "w", force_zip64=True) as member:
        for _ in range(mib):
            member.write(bytes(MIB))


def _rows(count: int) -> bytes:
    """Rows of access that squeeze well and are honest ones."""
    return b"".join(
        b'203.0.113.24 - - [23/Nov/2026:14:%02d:%02d +0500] "GET /page HTTP/1.1" 200 512 "-" "M"\n' % (n // 60 % 60, n % 60)
        for n in range(count)
    )


def _patched(raw: bytes, name: bytes, local: int, central: int, value: bytes) -> bytes:
    """The same bytes into the local and the central header of a member."""
    changed = bytearray(raw)
    first = raw.index(name) - 30
    other = raw.index(name, raw.index(b"PK\x01\x02")) - 46
    changed[first + local : first + local + len(value)] = value
    changed[other + central : other + central + len(value)] = value
    return bytes(changed)


def _overlapping(folder: Path, chance: Random) -> list[Path]:
    """Many central entries of one compressed run, as in the bombs of David Fifield."""
    body = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = body.compress(bytes(20 * MIB)) + body.flush()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for file, content in good().items():
            archive.writestr(file, content)
    raw = buffer.getvalue()
    start = raw.index(b"PK\x01\x02")
    size, count = len(raw) - 22 - start, len(good())
    crc = zlib.crc32(bytes(20 * MIB))
    local = struct.pack("<4s5H3I2H", b"PK\x03\x04", 20, 0, 8, 0, 0, crc, len(packed), 20 * MIB, 5, 0) + b"b.log" + packed
    entries = b"".join(
        struct.pack("<4s6H3I5H2I", b"PK\x01\x02", 20, 20, 0, 8, 0, 0, crc, len(packed), 20 * MIB, 5, 0, 0, 0, 0, 0, start) + b"b.log"
        for _ in range(500)
    )
    directory = raw[start : start + size] + entries
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, count + 500, count + 500, len(directory), start + len(local), 0)
    return [put(folder, "bundle.zip", raw[:start] + local + directory + end)]


def _many_entries(folder: Path, chance: Random) -> list[Path]:
    """A million entries of the central directory, all of nothing."""
    entry = struct.pack("<4s6H3I5H2I", b"PK\x01\x02", 20, 20, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0) + b"a.log"
    count = 1_000_000
    end64 = struct.pack("<4sQ2H2I4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, len(entry) * count, 0)
    locator = struct.pack("<4sIQI", b"PK\x06\x07", 0, len(entry) * count, 1)
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    return [put(folder, "bundle.zip", [*(entry * 1000 for _ in range(count // 1000)), end64 + locator + end])]


def _names(archive: zipfile.ZipFile, chance: Random) -> None:
    for place, name in enumerate(
        ("/etc/passwd", "../../../../tmp/escaped.log", "C:\\Windows\\win.ini", "..\\..\\up.log", "a/./b/../c.log", "con.log", "-rf.log")
    ):
        archive.writestr(name, f"line {place}\n")


def _odd_names(archive: zipfile.ZipFile, chance: Random) -> None:
    for name in ("bell\x07\x1b[31mred.log", "new\nline.log", "bidi\u202egol.exe", "iso\u2066late.log", "zero\u200bwidth.log", "x" * 60_000):
        archive.writestr(name, "Buy milk.\n")


def _nested(archive: zipfile.ZipFile, chance: Random) -> None:
    inner = good()["access.log"]
    for _ in range(30):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as one:
            one.writestr("inner.zip", inner)
        inner = buffer.getvalue()
    archive.writestr("inner.zip", inner)


def _gz_in_zip(archive: zipfile.ZipFile, chance: Random) -> None:
    packed = zlib.compressobj(9, zlib.DEFLATED, 31)
    pieces = [packed.compress(bytes(MIB)) for _ in range(700)]
    archive.writestr("bomb.log.gz", b"".join([*pieces, packed.flush()]))


def _twice(archive: zipfile.ZipFile, chance: Random) -> None:
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        archive.writestr("notes.txt", "Buy milk.\n")
        archive.writestr("notes.txt", "Buy bread.\n")


def _links(archive: tarfile.TarFile, chance: Random) -> None:
    _add(archive, "passwd.log", kind=tarfile.SYMTYPE, link="/etc/passwd")
    _add(archive, "hard.log", kind=tarfile.LNKTYPE, link="access.log")
    _add(archive, "pipe.log", kind=tarfile.FIFOTYPE)
    _add(archive, "null.log", kind=tarfile.CHRTYPE)
    _add(archive, "disk.log", kind=tarfile.BLKTYPE)


def _sparse(archive: tarfile.TarFile, chance: Random) -> None:
    info = tarfile.TarInfo("sparse.log")
    info.pax_headers = {
        "GNU.sparse.major": "1",
        "GNU.sparse.minor": "0",
        "GNU.sparse.realsize": str(1 << 50),
        "GNU.sparse.name": "sparse.log",
    }
    content = b"1\n0\n0\n".ljust(512, b"\0")
    info.size = len(content)
    archive.addfile(info, io.BytesIO(content))


def _pax(archive: tarfile.TarFile, chance: Random) -> None:
    info = tarfile.TarInfo("odd.log")
    info.pax_headers = {"comment": "1" * (4 * MIB)}
    archive.addfile(info)


def _large_members(archive: tarfile.TarFile, chance: Random) -> None:
    rows = _rows(30_000)
    for place in range(60):
        _add(archive, f"logs/access-{place}.log", rows)


def _negative(raw: bytes) -> bytes:
    """A member whose size is negative in base 256."""
    header = bytearray(tarfile.TarInfo("minus.log").tobuf(tarfile.USTAR_FORMAT))
    header[124:136] = b"\xff" * 12
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    return raw.rstrip(b"\0").ljust(-(-len(raw.rstrip(b"\0")) // 512) * 512, b"\0") + bytes(header) + bytes(1024)


def _tar_changed(
    name: str, change: Callable[[bytes], bytes], says: str = "", suffix: str = ".tar", *, keeps: bool = True, refused: bool = False
) -> Input:
    def make(folder: Path, chance: Random) -> list[Path]:
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w") as archive:
            for file, content in good().items():
                _add(archive, file, content)
            _add(archive, "zzz.log", _rows(2000))
        return [put(folder, "bundle" + suffix, change(buffer.getvalue()))]

    return Input(name=f"tar: {name}", make=make, says=says, keeps=keeps, refused=refused)


def _pieces(mib: int) -> Iterator[bytes]:
    packed = zlib.compressobj(9, zlib.DEFLATED, 31)
    for _ in range(mib):
        yield packed.compress(bytes(MIB))
    yield packed.flush()


def _bomb_tar(folder: Path, chance: Random) -> list[Path]:
    """A .tar.gz with good logs and then a member of zeros."""
    packed = zlib.compressobj(9, zlib.DEFLATED, 31)
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for file, content in good().items():
            _add(archive, file, content)
    info = tarfile.TarInfo("zeros.log")
    info.size = 900 * MIB
    pieces = [
        packed.compress(buffer.getvalue().rstrip(b"\0").ljust(-(-len(buffer.getvalue().rstrip(b"\0")) // 512) * 512, b"\0") + info.tobuf())
    ]
    pieces += [packed.compress(bytes(MIB)) for _ in range(900)]
    return [put(folder, "bundle.tar.gz", [*pieces, packed.compress(bytes(1024)), packed.flush()])]


def _second(folder: Path, chance: Random) -> list[Path]:
    with zipfile.ZipFile(folder / "good.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for file, content in good().items():
            archive.writestr(file, content)
    return [folder / "good.zip", put(folder, "bad.zip", b"PK\x03\x04" + chance.randbytes(5000))]


def inputs() -> list[Input]:
    huge = struct.pack("<I", 0xFFFFFFF0)
    return [
        _zip("a member of 1 GiB of zeros", lambda z, r: _zeros(z, "zeros.log", 1024), "zeros.log"),
        _zip("a gz of 700 MiB of zeros inside", _gz_in_zip, "bomb.log.gz"),
        Input(name="zip: 500 entries over the same bytes", make=_overlapping, says="b.log"),
        Input(name="zip: a million entries", make=_many_entries, says="bundle.zip", keeps=False, refused=True),
        _zip("30,000 members", lambda z, r: [z.writestr(f"zz/{n}.log", b"") for n in range(30_000)] and None, "holds more than"),
        _zip("30 archives in each other", _nested, "inner.zip"),
        _zip("absolute names, and ../", _names),
        _zip("names with control and bidirectional characters", _odd_names),
        _zip("two members of one name", _twice, "notes.txt (2)"),
        _zip("rows that squeeze 200 times are honest", lambda z, r: z.writestr("access.log.1", _rows(60_000))),
        _changed("claims 4 GiB and holds little", lambda raw: _patched(raw, b"zzz.log", 22, 24, huge)),
        _changed("a size that is too small", lambda raw: _patched(raw, b"zzz.log", 22, 24, struct.pack("<I", 7))),
        _changed("an encrypted member", lambda raw: _patched(raw, b"zzz.log", 6, 8, b"\x01\x00"), "zzz.log is encrypted"),
        _changed("a method that nobody knows", lambda raw: _patched(raw, b"zzz.log", 8, 10, b"\x63\x00"), "zzz.log"),
        _changed("a wrong checksum", lambda raw: _patched(raw, b"zzz.log", 14, 16, b"\0\0\0\0"), "zzz.log"),
        _changed("cut before its directory", lambda raw: raw[: raw.index(b"PK\x01\x02")], "bundle.zip", keeps=False, refused=True),
        _changed("cut within its directory", lambda raw: raw[: raw.index(b"PK\x01\x02") + 70], "bundle.zip", keeps=False, refused=True),
        _changed(
            "a directory that begins elsewhere", lambda raw: raw[:-6] + b"\xff\xff\xff\x7f\0\0", "bundle.zip", keeps=False, refused=True
        ),
        _changed("other names in the local headers", lambda raw: raw.replace(b"zzz.log", b"yyy.log", 1), "zzz.log"),
        Input(name="zip: a broken one beside a good one", make=_second, says="bad.zip"),
        _tar("links, a pipe and devices", _links, "passwd.log is a link"),
        _tar("a sparse member of a petabyte", _sparse, "sparse.log"),
        _tar("a header of 4 MiB of digits", _pax, "bundle.tar"),
        _tar("a header of 4 MiB of digits, packed", _pax, "bundle.tar.gz", suffix=".tar.gz"),
        _tar("60 members of 2 MB, packed", _large_members, suffix=".tar.gz"),
        _tar("20,000 folders", lambda t, r: [_add(t, f"d{n}", kind=tarfile.DIRTYPE) for n in range(20_000)] and None, suffix=".tar.gz"),
        _tar(
            "30,000 empty members",
            lambda t, r: [_add(t, f"zz/{n}.log") for n in range(30_000)] and None,
            "holds more than",
            suffix=".tar.zst",
        ),
        _tar(
            "names that lead out",
            lambda t, r: [_add(t, n, b"x\n") for n in ("/etc/passwd", "../../up.log", "a\nb\x1b[2J\u202e.log")] and None,
        ),
        _tar("a name of 100,000 letters", lambda t, r: _add(t, "n" * 100_000, b"x\n")),
        Input(name="tar: 900 MiB of zeros, packed", make=_bomb_tar, says="zeros.log"),
        _tar_changed("a negative size", _negative, "bundle.tar"),
        _tar_changed("cut within a member", lambda raw: raw[: raw.index(b"zzz.log") + 20_000], "zzz.log"),
        _tar_changed("gz cut in the middle", lambda raw: gzip.compress(raw)[:-3000], "bundle.tar.gz", ".tar.gz", keeps=False),
        _tar_changed("zst with broken bytes", lambda raw: zstd.compress(raw)[:-40] + bytes(40), "bundle.tar.zst", ".tar.zst", keeps=False),
        _tar_changed("zip by content", lambda raw: b"PK\x03\x04" + raw, "bundle.tar", keeps=False, refused=True),
    ]

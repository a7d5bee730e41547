"""workers.py: what another process is given, what it gives back, and that its errors tell nothing of the bundle."""

from __future__ import annotations

import hashlib
import pickle

import pytest

from wslogs import workers
from wslogs.bundle import Item
from wslogs.errors import DefectError
from wslogs.parsers import parts
from wslogs.parsers.kit import Kit
from wslogs.parsers.parts import Part
from wslogs.patterns import load
from wslogs.redact import Vault
from wslogs.workers import Seed, Task

ROW = b'10.0.0.%d - - [23/Nov/2026:10:00:%02d +0500] "GET %s HTTP/1.1" %d 12 "-" "-"\n'
RAW = ROW % (1, 1, b"/live", 101) + ROW % (2, 2, b"/ws?token=token-of-somebody-007", 403) + ROW % (3, 3, b"/items", 200)


def test_a_part_gives_its_rows_and_teaches_paths_and_secrets() -> None:
    kit = Kit(load(), Vault(), paths={"/known"})
    seed = pickle.loads(pickle.dumps(Seed(kit)))
    gave = workers.read(seed, Task(Part(Item.of("access.log", RAW), {"": "nginx-access"}, 0), ["/chat"]))
    assert gave[0].led == ["/chat"] and gave[0].sha256 == hashlib.sha256(RAW).hexdigest()
    assert (gave[1], kit.paths, len(kit.vault.seen.phrases())) == ({"/chat", "/live"}, {"/known"}, 0)
    assert workers.learn(kit, gave) is gave[0]
    assert kit.paths == {"/known", "/chat", "/live"} and "token-of-somebody-007" in kit.vault.seen
    assert [kind.path for kind in gave[0].rows.kinds] == ["/live", "/ws"] and gave[0].lines == 3


def test_the_digest_of_a_log_in_parts_is_a_task_of_its_own() -> None:
    item = Item.of("access.log", RAW)
    some = [Part(item, {}, 0, 0, 2, 0, 90), Part(item, {}, 0, 1, 2, 90), Part(item, {}, 1), Part(item, {}, 0, 0, 2, 0, 90, again=True)]
    given = list(workers.tasks(some))
    assert [(part.place, part.number, part.whole, part.again) for part in given] == [
        (0, 0, True, False), (0, 0, False, False), (0, 1, False, False), (1, 0, False, False), (0, 0, False, True),
    ]  # fmt: skip
    read, paths, seen = workers.read(Seed(Kit(load(), Vault())), Task(given[0], []))
    assert read.sha256 == hashlib.sha256(RAW).hexdigest() and not len(read.rows) and not paths and seen.size == 0


def test_a_file_that_went_is_told_as_that() -> None:
    def gone() -> None:
        raise FileNotFoundError("x")

    item = Item(path="a.log", size=9, opener=gone, limit=Item.of("a", b"").limit)  # type: ignore[arg-type]
    with pytest.raises(FileNotFoundError):
        workers.read(Seed(Kit(load(), Vault())), Task(Part(item, {}, 0), []))
    assert workers.learn(Kit(load(), Vault()), workers.gone()).gone


def test_a_defect_on_a_worker_tells_nothing_of_the_bundle(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> parts.Read:
        raise ValueError("GET /ws?token=hunter2")

    monkeypatch.setattr(workers, "read_part", broken)
    item = Item.of("access.log", b"x")
    with pytest.raises(DefectError) as error:
        workers.read(Seed(Kit(load(), Vault())), Task(parts.Part(item, {}, 0), []))
    assert "ValueError at test_workers.py:" in str(error.value) and "hunter2" not in str(error.value) and error.value.__cause__ is None


def test_logs_of_others_get_no_text_of_the_bundle() -> None:
    kit = Kit(load(), Vault(), paths={"/secret-room"}, joins={"f" * 32})
    part = parts.Part(Item.of("secret-name.log", b"GET /secret-room"), {}, 0)
    said = repr((Seed(kit), Task(part, ["/secret-room"]), part, parts.Read(led=["/secret-room"])))
    assert "secret" not in said and "ffff" not in said


def test_fingerprints_of_two_workers_are_equal() -> None:
    vault = Vault()
    one, two = (pickle.loads(pickle.dumps(vault.twin())) for _ in range(2))
    assert one.fingerprint("a") == two.fingerprint("a") == vault.fingerprint("a") != Vault().fingerprint("a")

"""What a file is, by its content."""

from __future__ import annotations

import regex

from wslogs.archives import is_archive
from wslogs.bundle import Item
from wslogs.manifest import is_manifest
from wslogs.parsers import (
    certificates,
    compose,
    conf_files,
    env,
    har,
    kinds,
    netlog,
    nginx_build,
    probe,
    probed,
    testpage,
)
from wslogs.parsers.kit import Kit

_TEXT = regex.compile(rb"[\t\x20-\x7e]{16}")
"""How a line of a log begins, also one that quotes bytes later."""


def kind_of(item: Item, kit: Kit) -> tuple[str, dict[str, str]]:
    """What a file is by its content, and the kinds of the programs in it; "unknown" when nothing fits."""
    try:
        head = item.head()
    except OSError:
        return "unreadable", {}
    if not head.strip():
        return "empty", {}
    if is_manifest(head):
        return "manifest", {}
    if is_archive(head):
        return "archive", {}
    if netlog.is_netlog(head):
        return "netlog", {}
    if har.is_har(head):
        return "har", {}
    if testpage.is_testpage(head):
        return "testpage", {}
    if probed.is_probed(head):
        return "probed", {}
    if certificates.is_certificates(head):
        return "certificate", {}
    if _is_binary(head) and not probe.is_answer(head):
        return "binary", {}
    if kinds.are_rows(head, kit):  # of many files most are such
        return "nginx-access", {"": "nginx-access"}
    if kinds.foreign(head, kit) is not None:
        return "foreign", {}
    if nginx_build.is_build(head):
        return "nginx-version", {}
    if conf_files.is_conf(head):
        return "nginx-conf", {}
    if probe.is_probe(head, kit):
        return "probe", {"": "probe"}
    if env.is_env(head):
        return "env", {}
    if compose.is_compose(head):
        return "compose", {}
    programs = kinds.kinds(head, item.path, kit)
    return (kinds.majority(programs), programs) if programs else ("unknown", {})


def _is_binary(head: bytes) -> bool:
    """Whether most lines hold a zero byte and do not begin as text; nginx's error log quotes TLS that came to a plain port as it came."""
    lines = head.split(b"\n")
    return 2 * sum(b"\0" in line and _TEXT.match(line) is None for line in lines) > len(lines)

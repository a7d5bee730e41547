"""Name, TCP and TLS: sockets to where the URL leads, each step with its time limit and a word for how it failed."""

from __future__ import annotations

import errno
import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

_REFUSED = (errno.ECONNREFUSED, getattr(errno, "WSAECONNREFUSED", errno.ECONNREFUSED))
_RESET = (errno.ECONNRESET, errno.EPIPE, getattr(errno, "WSAECONNRESET", errno.ECONNRESET))
_UNREACHABLE = (errno.ENETUNREACH, errno.EHOSTUNREACH, getattr(errno, "WSAENETUNREACH", errno.ENETUNREACH))
# OpenSSL's verification results, include/openssl/x509_vfy.h.
_VERIFIED = {9: "certificate-not-yet-valid", 10: "certificate-expired", 62: "certificate-name", 64: "certificate-name"}
_UNTRUSTED = (2, 7, 18, 19, 20, 21, 24, 25, 26, 27, 28, 79)
_NO_CHECK_TIME = 0x200000
"""X509_V_FLAG_NO_CHECK_TIME: the chain is judged by itself, the dates by us."""
# OpenSSL's reasons, include/openssl/sslerr.h: what answered does not speak TLS, or not a version that is spoken here.
_NO_TLS = (
    "WRONG_VERSION_NUMBER",
    "RECORD_LAYER_FAILURE",
    "PACKET_LENGTH_TOO_LONG",
    "HTTP_REQUEST",
    "HTTPS_PROXY_REQUEST",
    "UNKNOWN_PROTOCOL",
)
_VERSION = (
    "TLSV1_ALERT_PROTOCOL_VERSION", "UNSUPPORTED_PROTOCOL", "NO_PROTOCOLS_AVAILABLE", "SSLV3_ALERT_HANDSHAKE_FAILURE",
    "HANDSHAKE_FAILURE_ON_CLIENT_HELLO", "NO_SHARED_CIPHER", "TLSV1_ALERT_INSUFFICIENT_SECURITY", "WRONG_SSL_VERSION",
)  # fmt: skip


class LinkError(Exception):
    """A step failed; the text is a word of a closed vocabulary."""

    def __init__(self, step: str, why: str) -> None:
        super().__init__(why)
        self.step, self.why = step, why


def resolve(host: str, port: int, limit_s: float) -> list[str]:
    """Addresses of a name, in the system's order. getaddrinfo knows no time limit, so it is asked in a thread that may be left behind."""
    found: list[str] = []
    failed: list[str] = []

    def ask() -> None:
        try:
            rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            found.extend(dict.fromkeys(str(row[4][0]) for row in rows))
        except (OSError, UnicodeError):
            failed.append("no-name")

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(limit_s)
    if not found:
        raise LinkError("resolve", failed[0] if failed else "timed-out")
    return found


def connect(addresses: list[str], port: int, limit_s: float) -> tuple[socket.socket, str]:
    """A connection to the first address that takes one, and that address."""
    why = "refused"
    for one in addresses[:4]:
        try:
            return socket.create_connection((one, port), limit_s / min(len(addresses), 4)), one
        except OSError as error:
            why = reason(error)
    raise LinkError("connect", why)


def reason(error: OSError) -> str:
    """A word for how a connection ended."""
    if isinstance(error, TimeoutError | socket.timeout) or error.errno == errno.ETIMEDOUT:
        return "timed-out"
    if error.errno in _REFUSED:
        return "refused"
    if error.errno in _RESET or isinstance(error, ConnectionError):
        return "reset"
    return "unreachable" if error.errno in _UNREACHABLE else "closed"


def context(*, verified: bool = True) -> ssl.SSLContext:
    """As browsers and curl check: SSL_CERT_FILE adds authorities, and a root needs no key identifier, which Python 3.13 asks for."""
    made = ssl.create_default_context()
    made.verify_flags &= ~ssl.VERIFY_X509_STRICT
    made.set_alpn_protocols(["http/1.1"])
    if not verified:
        made.check_hostname, made.verify_mode = False, ssl.CERT_NONE
    return made


@dataclass(frozen=True, slots=True, kw_only=True)
class Secured:
    """What a TLS handshake showed."""

    version: str
    cipher: str
    certificate: bytes
    """DER."""


def secure(raw: socket.socket, host: str, limit_s: float, *, verified: bool = True) -> ssl.SSLSocket:
    """Speaks TLS on a connection, which is closed where that fails."""
    over = threading.Event()
    try:
        raw.settimeout(limit_s)
        with limited(raw, limit_s) as over:
            return context(verified=verified).wrap_socket(raw, server_hostname=host)
    except ssl.SSLCertVerificationError as error:
        raw.close()
        code = int(error.verify_code)
        raise LinkError("tls", _VERIFIED.get(code, "certificate-untrusted" if code in _UNTRUSTED else "certificate")) from None
    except ssl.SSLError as error:
        raw.close()
        raise LinkError("tls", "timed-out" if over.is_set() else _refused(error)) from None
    except OSError as error:
        raw.close()
        raise LinkError("tls", "timed-out" if over.is_set() else reason(error)) from None
    except ValueError:
        raw.close()
        raise LinkError("tls", "certificate-name") from None


def _refused(error: ssl.SSLError) -> str:
    if isinstance(error, ssl.SSLEOFError):
        return "closed"
    return "no-tls" if error.reason in _NO_TLS else "version" if error.reason in _VERSION else "alert"


def shown(link: ssl.SSLSocket) -> Secured:
    cipher = link.cipher()
    return Secured(version=link.version() or "", cipher=cipher[0] if cipher else "", certificate=link.getpeercert(binary_form=True) or b"")


def trusted(raw: socket.socket, host: str, limit_s: float) -> bool:
    """Whether the chain leads to an authority that is known here, whatever its dates and names."""
    try:
        made = context()
        made.check_hostname = False
        made.verify_flags |= ssl.VerifyFlags(_NO_CHECK_TIME)
        raw.settimeout(limit_s)
        with limited(raw, limit_s), made.wrap_socket(raw, server_hostname=host):
            return True
    except (OSError, ValueError):
        return False
    finally:
        raw.close()


def covers(names: list[str], host: str) -> bool:
    """Whether a host is one of a certificate's names; a wildcard stands for one label (RFC 6125 section 6.4.3)."""
    try:
        wanted = str(ipaddress.ip_address(host))
    except ValueError:
        wanted = host.lower().rstrip(".")
    return any(own.lower() == wanted or (own.startswith("*.") and wanted.partition(".")[2] == own[2:].lower()) for own in names)


@contextmanager
def limited(raw: socket.socket, limit_s: float) -> Iterator[threading.Event]:
    """Shuts a connection down after so long, and sets the event: the time limit of a socket alone begins anew with each byte."""
    over = threading.Event()

    def stop() -> None:
        over.set()
        with suppress(OSError):
            socket.socket.shutdown(raw, socket.SHUT_RDWR)

    timer = threading.Timer(limit_s, stop)
    timer.daemon = True
    timer.start()
    try:
        yield over
    finally:
        timer.cancel()

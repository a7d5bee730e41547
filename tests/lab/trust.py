"""Makes Chromium trust the lab's authority: writes the NSS database that Chromium reads in its HOME.

Done through libnss3, which Chromium needs anyway, so that certutil (libnss3-tools) is not needed. Run as a child
process, `python trust.py HOME CA.der`, because NSS is process-wide.
"""

import ctypes
import sys
from pathlib import Path


class _Item(ctypes.Structure):
    _fields_ = (("kind", ctypes.c_uint), ("data", ctypes.c_char_p), ("length", ctypes.c_uint))


class _Trust(ctypes.Structure):
    _fields_ = (("ssl", ctypes.c_uint), ("email", ctypes.c_uint), ("signing", ctypes.c_uint))


def _library() -> ctypes.CDLL:
    nss = ctypes.CDLL("libnss3.so")
    pointer = ctypes.c_void_p
    nss.PK11_GetInternalKeySlot.restype = pointer
    nss.CERT_GetDefaultCertDB.restype = pointer
    nss.CERT_NewTempCertificate.restype = pointer
    nss.CERT_NewTempCertificate.argtypes = [pointer, pointer, ctypes.c_char_p, ctypes.c_int, ctypes.c_int]
    nss.PK11_InitPin.argtypes = [pointer, ctypes.c_char_p, ctypes.c_char_p]
    nss.PK11_ImportCert.argtypes = [pointer, pointer, ctypes.c_ulong, ctypes.c_char_p, ctypes.c_int]
    nss.CERT_ChangeCertTrust.argtypes = [pointer, pointer, pointer]
    return nss


def _check(status: int, step: str) -> None:
    if status != 0:
        raise RuntimeError(f"NSS refused: {step}")


def trust(home: Path, certificate: bytes) -> None:
    database = home / ".pki" / "nssdb"
    database.mkdir(parents=True, exist_ok=True)
    nss = _library()
    _check(nss.NSS_InitReadWrite(f"sql:{database}".encode()), "open the database")
    slot = nss.PK11_GetInternalKeySlot()
    _check(nss.PK11_InitPin(slot, None, b""), "set an empty pass phrase")
    database_handle = nss.CERT_GetDefaultCertDB()
    item = _Item(0, certificate, len(certificate))
    parsed = nss.CERT_NewTempCertificate(database_handle, ctypes.byref(item), None, 0, 1)
    _check(nss.PK11_ImportCert(slot, parsed, 0, b"lab authority", 0), "import the certificate")
    flags = _Trust()
    _check(nss.CERT_DecodeTrustString(ctypes.byref(flags), b"C,,"), "read the trust flags")
    _check(nss.CERT_ChangeCertTrust(database_handle, parsed, ctypes.byref(flags)), "trust it")
    # No NSS_Shutdown: the process ends here, and the SQLite database is written at each call.


if __name__ == "__main__":
    trust(Path(sys.argv[1]), Path(sys.argv[2]).read_bytes())

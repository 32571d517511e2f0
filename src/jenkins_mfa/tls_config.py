"""Certificates of config.toml: pairs of certificate and key, and whom to trust."""

from __future__ import annotations

import ssl
from pathlib import Path
from urllib.parse import urlsplit

from jenkins_mfa.failures import unreadable
from jenkins_mfa.outbound import Tls
from jenkins_mfa.secret_files import exposed
from jenkins_mfa.toml_table import Table

KEYS = ("ca_file", "cert_file", "key_file")
_NO_PAIR = "no certificate and its key; mend: both files in PEM, the key without a password"
_MISFIT = "the key in key_file is not that of this certificate; mend: name the key that it was issued for"


def tls(table: Table, base: Path, url: str, *, with_secrets: bool) -> Tls:
    """What the connection to `url` trusts and shows. Without secrets the files are left alone."""
    given = [key for key in KEYS if key in table]
    found = Tls(*(file(table, key, base) for key in KEYS))
    if given and urlsplit(url).scheme == "http":
        table.fault(given[0], "url is http://, where no certificate is looked at; mend: https://")
    elif (found.cert_file is None) != (found.key_file is None):
        missing = "cert_file" if found.cert_file is None else "key_file"
        table.fault(missing, "a certificate and its key belong together: this one is missing")
    elif with_secrets:
        _trusted(table, found.ca_file)
        if found.cert_file and found.key_file:
            pair(table, found.cert_file, found.key_file, ssl.PROTOCOL_TLS_CLIENT)
    return found


def file(table: Table, key: str, base: Path) -> Path | None:
    """A file that may be named; relative to the configuration's directory."""
    name = table.text(key, allowed="a file's path") if key in table else ""
    return base / name if name else None


def pair(table: Table, cert_file: Path, key_file: Path, protocol: int) -> None:
    """The files hold a certificate (its chain after it) and the key that belongs to it, its owner's alone."""
    for key, path in {"cert_file": cert_file, "key_file": key_file}.items():
        try:
            path.read_bytes()
        except OSError as error:
            table.fault(key, unreadable(path, error))
            return
    if exposed(key_file):
        table.fault("key_file", f"{key_file} can be read by others; mend: chmod 600 {key_file}")
        return
    try:
        ssl.SSLContext(protocol).load_cert_chain(cert_file, key_file, password="")
    except (ssl.SSLError, OSError) as error:
        table.fault("cert_file", _MISFIT if getattr(error, "reason", "") == "KEY_VALUES_MISMATCH" else _NO_PAIR)


def _trusted(table: Table, path: Path | None) -> None:
    if path is None:
        return
    try:
        path.read_bytes()
        ssl.create_default_context(cafile=str(path))
    except ssl.SSLError:
        table.fault("ca_file", f"{path} holds no certificates in PEM; mend: write the CA's certificate there, in PEM")
    except OSError as error:
        table.fault("ca_file", unreadable(path, error))

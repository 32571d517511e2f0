"""One running server for each test, and certificates."""

from __future__ import annotations

import datetime
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from console_kit import Desktop, console
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from playwright.sync_api import Browser, sync_playwright
from web_kit import Place, served

from fakes import desk
from jenkins_mfa.usecases.desk import Desk
from jenkins_mfa.wiring import SystemRandomness
from key_world import KeyWorld
from memory_store import MemoryStore

Pair = tuple[Path, Path]
CHROMIUM = "/usr/bin/chromium"


@pytest.fixture
def here(memory_store: MemoryStore) -> Desk:
    """A desk with real randomness."""
    return replace(desk(memory_store), randomness=SystemRandomness())


@pytest.fixture
def desktop(world: KeyWorld) -> Iterator[Desktop]:
    """The console over the world of a test's own file."""
    with console(world.desk) as found:
        yield found


@pytest.fixture
def place(here: Desk) -> Iterator[Place]:
    """The pages of that desk."""
    with served(here) as running:
        yield running


@pytest.fixture
def certificate(tmp_path: Path) -> Callable[[str], Pair]:
    """Makes a certificate for localhost that is its own authority, and its key; named, so that there may be several."""

    def make(name: str) -> Pair:
        private = ec.generate_private_key(ec.SECP256R1())
        named = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        now = datetime.datetime.now(datetime.UTC)
        made = (
            x509.CertificateBuilder()
            .subject_name(named)
            .issuer_name(named)
            .public_key(private.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(hours=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
            .sign(private, hashes.SHA256())
        )
        cert, key = tmp_path / f"{name}.crt", tmp_path / f"{name}.key"
        cert.write_bytes(made.public_bytes(serialization.Encoding.PEM))
        form, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        key.write_bytes(private.private_bytes(serialization.Encoding.PEM, form, plain))
        key.chmod(0o600)
        return cert, key

    return make


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium; never skipped in CI."""
    if shutil.which(CHROMIUM) is None:
        if "CI" in os.environ:
            pytest.fail("chromium is not installed: apt-get install chromium")
        pytest.skip("chromium is not installed")
    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=CHROMIUM)
        yield browser
        browser.close()

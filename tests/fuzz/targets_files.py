"""Files of operators, what they type, and what the log is given."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import cache
from pathlib import Path

import click
from fuzz_kit import FILES, target
from fuzz_sockets import answering

import certificates
import cli_files
from builders import NOW, ROSTER
from jenkins_mfa import config as configuration
from jenkins_mfa import key_files, log, secret_files
from jenkins_mfa.calendar_file import read_calendars
from jenkins_mfa.cli import case, check_web, span
from jenkins_mfa.cli.receipt import TOKEN
from jenkins_mfa.config import Config, KeysConfig
from jenkins_mfa.core import characters, webhook
from jenkins_mfa.core.policy import Policy, Roster, globs
from jenkins_mfa.core.relying_party import RelyingParty
from jenkins_mfa.errors import ConfigError
from jenkins_mfa.hook import Hook, NotTakenError
from jenkins_mfa.key_index import INDEX
from jenkins_mfa.outbound import Tls
from jenkins_mfa.policy_cases import read_cases
from jenkins_mfa.policy_file import read_policy
from jenkins_mfa.roster_file import read_roster
from jenkins_mfa.store.connect import client_for
from jenkins_mfa.toml_lines import lines_of
from jenkins_mfa.toml_table import read
from receivers import SECRET

ROOT = Path(__file__).parents[2]
FOLDER = tempfile.TemporaryDirectory(prefix="mfa-", dir=FILES)


def example(name: str) -> Callable[[], list[bytes]]:
    return lambda: [(ROOT / name).read_bytes()]


def here() -> Path:
    """This process's own: targets run side by side."""
    path = Path(FOLDER.name) / str(os.getpid())
    path.mkdir(exist_ok=True)
    return path


def written(name: str, data: bytes) -> Path:
    path = here() / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    return path


def checked(problems: list[str]) -> list[str]:
    """Each problem is one line that anybody can print."""
    assert all(problem.isprintable() for problem in problems)
    return problems


DESTINATIONS = b"""
[audit]
[[audit.destinations]]
name = "siem"
url = "https://siem.example.com/in"
secret_file = "siem.secret"
[[audit.destinations]]
name = "logs"
url = "syslog+tls://logs.example.com:6514"
[webhook]
url = "https://chat.example.com/in"
secret_file = "siem.secret"
"""


def configurations() -> Iterator[bytes]:
    made = cli_files.write(here()).read_bytes()
    yield from (made, made + DESTINATIONS, *example("config.example.toml")())


@target(ConfigError, seeds=configurations)
def file_config(data: bytes) -> object:
    """config.toml, with all that it names."""
    cli_files.write(here())
    written("siem.secret", SECRET.encode()).chmod(0o600)
    path = written("config.toml", data)
    try:
        found = configuration.load(path)
        return [found.webhook, *(one.syslog for one in found.audit.destinations)]
    except ConfigError as error:
        checked([line for problem in error.problems for line in problem.split("\n")])
        raise


@target(ConfigError, seeds=example("policy.example.toml"))
def file_policy(data: bytes) -> object:
    """policy.toml."""
    return checked(read_policy(written("policy.toml", data), ROSTER, {"main"}, 86400, NOW, keys=True, roots=True)[1])


@target(ConfigError, seeds=example("roster.example.toml"))
def file_roster(data: bytes) -> object:
    """roster.toml."""
    return checked(read_roster(written("roster.toml", data), {"slack:T01EXAMPLE", "jenkins:main", "git:email"})[1])


def cases() -> Iterator[bytes]:
    yield from (path.read_bytes() for path in sorted((ROOT / "docs" / "cookbook").glob("*/policy_tests/*.toml")))


@cache
def around() -> tuple[Policy, Roster]:
    """What the cases of the cookbook refer to."""
    folder = ROOT / "docs" / "cookbook" / "two-teams-for-payments"
    roster, _ = read_roster(folder / "roster.toml", {"slack:T01EXAMPLE", "jenkins:main", "git:email"})
    return read_policy(folder / "policy.toml", roster, {"main"}, 86400, NOW)[0], roster


@target(ConfigError, seeds=cases)
def file_cases(data: bytes) -> object:
    """Tests of a policy."""
    path = written("cases/cases.toml", data)
    return read_cases(path.parent, *around())


def calendars() -> Iterator[bytes]:
    yield b'[calendars.a]\nzone = "Europe/Berlin"\nweekdays = ["mon"]\nhours = ["09:00-17:00"]\nopenings = '
    yield b'[calendars.a]\nzone = "Asia/Tokyo"\nholidays = ["DE-BY"]\nopenings = ["2026-12-24 10:00-12:00"]\n'
    yield b'[[calendars.a.freezes]]\nname = "x"\nstart = "2026-12-21 00:00"\nend = 2027-01-04T00:00:00Z\nreason = "."\n'


@target(ConfigError, seeds=calendars)
def file_calendar(data: bytes) -> object:
    """Calendars of a policy, and what time it is in them."""
    root = read(written("calendar.toml", data))
    found = read_calendars(root)
    return checked(root.problems.found) or list(found.values())


@target(ConfigError, seeds=example("policy.example.toml"))
def toml_places(data: bytes) -> object:
    """On which line each key stands, of whatever is TOML."""
    read(written("places.toml", data))
    return lines_of(data.decode())


def index() -> Iterator[bytes]:
    yield json.dumps({"keys": [{"kid": "k1", "created": 1, "not_after": 2, "state": "signs"}]}).encode()


@cache
def keys() -> KeysConfig:
    """Right ones, for this process."""
    return configuration.load(cli_files.with_keys(cli_files.write(written("keys/x", b"").parent))).keys


@target(ConfigError, seeds=index)
def key_index(data: bytes) -> object:
    """keys.json, beside the keys that it names."""
    return _loaded(keys().dir / INDEX, data)


@target(ConfigError, seeds=lambda: [b"A" * 43 + b"=\n"])
def key_hmac(data: bytes) -> object:
    """The HMAC key's file."""
    return _loaded(keys().hmac_file, data)


@target(ConfigError, seeds=lambda: [b"v1:" + b"A" * 43 + b"=\n"])
def key_vault(data: bytes) -> object:
    """The vault's key file, as a running agent takes it over."""
    written("vault.key", data).chmod(0o600)
    return key_files.vault(replace(keys(), vault_file=here() / "vault.key"))


@target(ValueError, seeds=lambda: [SECRET.encode(), b"whsec_" + b"A" * 43 + b"="])
def webhook_secret(data: bytes) -> object:
    """What a destination's calls are signed with."""
    return webhook.secret_of(data.decode(errors="replace"))


def receipts() -> Iterator[bytes]:
    for status, after in ((204, b"0"), (302, b""), (429, b"30"), (503, b"9" * 5_000)):
        yield b"HTTP/1.1 %d X\r\nRetry-After: %b\r\nLocation: /in\r\nContent-Length: 0\r\n\r\n" % (status, after)


@target(NotTakenError, seeds=receipts)
def webhook_socket(data: bytes) -> object:
    """What a receiver says to a call, in the place of HTTP."""
    secret = written("siem.secret", SECRET.encode())
    secret.chmod(0o600)
    with answering(data):
        return Hook("http://hook.example/in", secret, Tls()).call("a", "application/json", b"{}")


@target(ConfigError, seeds=lambda: [b"xoxb-1-secret\n"])
def file_secret(data: bytes) -> object:
    """A file with one secret."""
    path = written("a.token", data)
    path.chmod(0o600)
    return secret_files.read(path)


def roots() -> Iterator[bytes]:
    yield certificates.Maker.new().pem
    yield b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"


@target(seeds=roots)
def file_certificate(data: bytes) -> object:
    """The certificate of the pages, as `check` looks at it."""
    written("a.pem", data)
    return list(check_web.web_parts(with_certificate()))


@cache
def with_certificate() -> Config:
    """A configuration whose certificate is in that file."""
    found = configuration.load(cli_files.write(written("pages/x", b"").parent))
    assert found.web is not None
    return replace(found, web=replace(found.web, cert_file=here() / "a.pem"))


def urls() -> Iterator[bytes]:
    yield from (b"redis://a:b@one:6379/0", b"unix:///run/a.socket?db=1", b"rediss://one/0?ssl_ca_certs=a")
    yield from (b"redis+sentinel://a:b@one:26379,two/mfa/3", b"rediss+sentinel://one/mfa?ssl_ca_certs=a")


@target(ConfigError, seeds=urls)
def store_url(data: bytes) -> object:
    """[store] url."""
    return client_for(data.decode(errors="replace"))


def _loaded(path: Path, data: bytes) -> object:
    """All keys, one of whose files holds something else."""
    before = path.read_bytes()
    path.write_bytes(data)
    try:
        return key_files.load(keys(), "test")
    finally:
        path.write_bytes(before)


@target(ValueError, seeds=lambda: [b"https://mfa.example.com", b"http://localhost:8080/"])
def page_url(data: bytes) -> object:
    """The address of the pages."""
    return RelyingParty.at(data.decode(errors="replace"))


@target(seeds=lambda: [b"team/*", b"[a-z]*", b"a[!b]?"])
def policy_glob(data: bytes) -> object:
    """A glob of a policy: one that is taken matches whatever there is."""
    pattern = data.decode(errors="replace")
    return globs.problem(pattern) or globs.Globs((pattern,)).match("team one/deploy")


@target(click.UsageError, seeds=lambda: [b"30d", b"2026-11-01", b"2026-12-24T10:00:00Z", b"a=b", b"team/*"])
def typed_value(data: bytes) -> object:
    """What an operator types behind an option: each kind by itself."""
    text = data.decode(errors="replace")
    for kind in (case.Moment(), case.Pair(), span.Glob()):
        with suppress(click.UsageError):
            kind.convert(text, None, None)
    TOKEN.match(text)
    return span.When().convert(text, None, None).ms(NOW)


@target(
    seeds=lambda: [b"GET https://user:secret@ci.example.com/ failed", b"xoxb-1-a eyJhbGciOiJ9.e30.c2ln", b"\x1b[2J"]
)
def logged(data: bytes) -> object:
    """What stands in the log is one line that shows itself whole, whatever was in it."""
    shown = str(log.redact(None, "info", {"problem": data.decode(errors="replace")})["problem"])
    assert not log.CONTROL.search(shown)
    return shown


@target(seeds=lambda: ["Deploy 1.4 größe 🔒".encode()])
def text_shown(data: bytes) -> object:
    """Characters that a message shows or refuses."""
    text = data.decode(errors="replace")
    return [characters.faults(text), characters.shown(text)]

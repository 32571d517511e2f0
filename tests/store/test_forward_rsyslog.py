"""A syslog server of somebody else's: Debian's rsyslog with GnuTLS, where it is installed."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest
from test_export import note, whole

from jenkins_mfa.archive import lines
from jenkins_mfa.archive.forms import forms
from jenkins_mfa.archive.syslog import Syslog
from jenkins_mfa.core.model import Commit, Entry
from jenkins_mfa.errors import ArchiveError
from jenkins_mfa.simulators.ports import free_port
from jenkins_mfa.store.gates import RedisStore
from receivers import Files
from waiting import until

DRIVER = list(Path("/usr/lib").glob("*/rsyslog/lmnsd_gtls.so"))
pytestmark = pytest.mark.skipif(
    not DRIVER or shutil.which("rsyslogd") is None, reason="needs the packages rsyslog and rsyslog-gnutls"
)
CONFIGURATION = """
global(workDirectory="{folder}" maxMessageSize="128k" defaultNetstreamDriver="gtls"
       defaultNetstreamDriverCAFile="{files.ca}" defaultNetstreamDriverCertFile="{files.host}"
       defaultNetstreamDriverKeyFile="{files.host_key}")
module(load="imtcp" StreamDriver.Name="gtls" StreamDriver.Mode="1" StreamDriver.AuthMode="x509/certvalid")
template(name="line" type="string" string="%pri% %timereported:::date-rfc3339% %app-name% %msgid% %msg%\\n")
input(type="imtcp" port="{port}" address="127.0.0.1")
action(type="omfile" file="{folder}/received" template="line")
"""


@pytest.fixture
def rsyslog(tmp_path: Path) -> Iterator[tuple[Files, int, Path]]:
    """Its files, its port, and where it writes what it gets."""
    files, port = Files(tmp_path), free_port()
    (tmp_path / "rsyslog.conf").write_text(CONFIGURATION.format(folder=tmp_path, files=files, port=port))
    command = ["rsyslogd", "-n", "-f", tmp_path / "rsyslog.conf", "-i", tmp_path / "pid"]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        until(lambda: answers(port))
        yield files, port, tmp_path / "received"
        process.terminate()


def answers(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def test_each_event_arrives_byte_for_byte(rsyslog: tuple[Files, int, Path], store: RedisStore) -> None:
    """Long ones, too; only from whom it trusts."""
    files, port, received = rsyslog
    note(store, 2)
    details = dict.fromkeys(("reason", "changes", "effects", "problem"), "x" * 4000)
    store.commit(Commit("long", (), (Entry("gate:bypassed", 1_764_000_000_007, "agent", "g_01.1", "", "", details),)))
    events = list(store.audit_events())
    with pytest.raises(ArchiveError):
        Syslog("localhost", port, files.tls, forms("1")["trail"]).send(events)
    with closing(Syslog("localhost", port, files.shown, forms("1")["trail"])) as destination:
        destination.send(events)
    until(lambda: received.exists() and received.read_bytes().count(b"\n") == 3)
    rows = [re.fullmatch(rb"(\d+) (\S+) (\S+) (\S+) (.*)", row) for row in received.read_bytes().splitlines()]
    told = [row.groups() for row in rows if row]
    assert [(priority, name) for priority, _, _, name, _ in told] == [
        (b"110", b"agent:started"),
        (b"110", b"agent:started"),
        (b"106", b"gate:bypassed"),
    ]
    assert told[2][1:3] == (b"2025-11-24T16:00:00.007Z", b"jenkins-mfa")
    assert [lines.parse(text) for *_, text in told] == whole(store)

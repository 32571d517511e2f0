"""The embedded server outlives a killed agent, is adopted by the next, and ends with the last one that leaves."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from factory import gate, opening

from jenkins_mfa.errors import StoreUnusableError
from jenkins_mfa.store import embedded
from jenkins_mfa.store.connect import open_store
from jenkins_mfa.store.embedded import EmbeddedServer
from jenkins_mfa.store.settings import Settings
from store_server import SEAL_KEY

HERE = Path(__file__).parent


class User:
    """A process of its own that uses the store in a folder; `server` is the server's process id."""

    def __init__(self, folder: Path, number: int) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(HERE / "embedded_user.py"), str(folder), str(number)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": ":".join([str(HERE), str(HERE.parent), *sys.path])},
            start_new_session=True,
        )
        assert self.process.stdout is not None
        self.server = int(self.process.stdout.readline())

    def end(self, number: signal.Signals | None = None) -> None:
        """Let it finish, or send a signal to its whole process group as a terminal would."""
        if number is not None:
            os.killpg(self.process.pid, number)
        self.process.communicate(b"" if number else b"\n", timeout=60)


def running(folder: Path) -> bool:
    """Whether a server lives: its lock lives as long as it does."""
    with (folder / "lock").open("wb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def gates(folder: Path) -> list[str]:
    """What is stored, by a process that comes and goes."""
    with open_store(Settings(f"embedded:{folder}"), SEAL_KEY) as (store, _):
        return [one.id for one in store.open_gates()]


def test_a_server_is_started_and_ended(short_path: Path) -> None:
    """Nothing is left running; what was committed is there at the next start; it promises everything."""
    with open_store(Settings(f"embedded:{short_path}"), SEAL_KEY) as (store, promise):
        store.commit(opening(gate(1)))
        assert not promise.warning
        assert running(short_path)
    assert not running(short_path)
    assert gates(short_path) == [gate(1).id]
    assert not running(short_path)


def test_a_killed_agents_server_is_adopted(short_path: Path) -> None:
    """After kill -9 the server lives on; the next agent uses the same one, loses nothing, and ends it."""
    killed = User(short_path, 1)
    killed.end(signal.SIGKILL)
    assert running(short_path)
    heir = User(short_path, 2)
    assert heir.server == killed.server
    heir.end()
    assert not running(short_path)
    assert gates(short_path) == [gate(1).id, gate(2).id]


def test_ctrl_c_leaves_the_store_to_the_agents_last_deliveries(short_path: Path) -> None:
    """The terminal's interrupt reaches the agent, not its server; the agent commits once more and ends it."""
    user = User(short_path, 1)
    user.end(signal.SIGINT)
    assert user.process.returncode == 0
    assert not running(short_path)
    assert gates(short_path) == [gate(1).id, gate(2).id]


def test_a_second_process_leaves_the_firsts_server_alone(short_path: Path) -> None:
    """A command beside the running agent uses its server and does not end it."""
    agent = User(short_path, 1)
    command = User(short_path, 2)
    assert command.server == agent.server
    command.end()
    assert running(short_path)
    agent.end()
    assert not running(short_path)


def test_two_starts_at_once_make_one_server(short_path: Path) -> None:
    """Two servers on the same files would lose what was acknowledged."""
    with ThreadPoolExecutor(4) as pool:
        users = list(pool.map(lambda number: User(short_path, number), range(1, 5)))
    assert len({user.server for user in users}) == 1
    for user in users:
        user.end()
    assert not running(short_path)
    assert len(gates(short_path)) == 4


def test_only_its_owner_reaches_it(short_path: Path) -> None:
    """No port, and a socket that nobody else may open."""
    server = EmbeddedServer(short_path / "store")
    server.start()
    assert server.socket.stat().st_mode & 0o777 == 0o700
    assert (short_path / "store").stat().st_mode & 0o777 == 0o700
    with server._client() as client:
        assert client.config_get("port") == {b"port": b"0"} or client.config_get("port") == {"port": "0"}
    server.stop()
    server.stop()


def test_a_long_path_gets_its_socket_elsewhere(tmp_path: Path) -> None:
    """Socket paths over about 100 bytes fail; the data stays where it was asked for, and nothing stays elsewhere."""
    folder = tmp_path / ("long" * 30)
    server = EmbeddedServer(folder)
    server.start()
    assert len(str(server.socket)) <= embedded.LONGEST_SOCKET
    assert server.socket.parent.stat().st_mode & 0o777 == 0o700
    assert (folder / "appendonlydir").is_dir()
    server.stop()
    assert gates(folder) == []
    assert not server.socket.parent.exists()


def test_a_folder_for_sockets_that_others_may_enter_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody else's directory under the temporary files could hold their server."""
    folder = tmp_path / ("long" * 30)
    monkeypatch.setattr(embedded.tempfile, "gettempdir", lambda: str(tmp_path))
    embedded._socket_path(folder).parent.chmod(0o777)
    with pytest.raises(StoreUnusableError, match="somebody else"):
        EmbeddedServer(folder).start()


def test_a_server_that_does_not_start_is_told_with_its_log(short_path: Path) -> None:
    """Damaged files stop the start, and the sentence says what the server said."""
    gates(short_path)
    for file in (short_path / "appendonlydir").glob("*.manifest"):
        file.write_text("nonsense\n")
    with pytest.raises(StoreUnusableError, match=r"ended: .*manifest"):
        EmbeddedServer(short_path).start()
    assert not running(short_path)

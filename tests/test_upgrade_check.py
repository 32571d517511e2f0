"""`upgrade-check`: run from the new release beside the old one, it changes nothing and says what to do when."""

from __future__ import annotations

import json
import time
from itertools import count
from pathlib import Path

import pytest

from builders import gate
from cli_files import edit, with_keys, write
from command import run
from fakes import request_text
from jenkins_mfa import __version__, key_files
from jenkins_mfa import config as configuration
from jenkins_mfa.cli.upgrade import agent_parts, gate_parts, library_parts, newest_libraries, schema_parts
from jenkins_mfa.core.model import SCHEMA, State
from jenkins_mfa.store.connect import client_for
from jenkins_mfa.store.gates import RedisStore
from store_server import Server

_numbers = count(1)
RUNS = {"version": "0.0.0", "pid": 7}  #: older than every build of this project, also one without a tag


class Place:
    """Files and a store of their own, whose schema can be set."""

    def __init__(self, folder: Path, server: Server) -> None:
        self.prefix = f"upgrade-{next(_numbers)}"
        self.config = with_keys(write(folder, store=server.url))
        edit(self.config, ('prefix = "mfa"', f'prefix = "{self.prefix}"'))
        self.server = server

    def schema(self, number: int | None = None) -> int:
        with client_for(self.server.url) as client:
            if number is not None:
                client.set(f"{{{self.prefix}}}:schema", number)
            return int(client.get(f"{{{self.prefix}}}:schema") or 0)

    def beat(self, **told: object) -> None:
        """An agent that runs now."""
        with client_for(self.server.url) as client:
            text = json.dumps({"at": int(time.time() * 1000), **told})
            client.hset(f"{{{self.prefix}}}:beats", "agent:1", text)

    def found(self) -> tuple[int, dict[str, str]]:
        """The exit code, and the evidence by id."""
        done = run("upgrade-check", "--json", config=self.config)
        return done.returncode, {row["id"]: row["evidence"] for row in json.loads(done.stdout)["findings"]}


@pytest.fixture
def place(tmp_path: Path, valkey: Server) -> Place:
    return Place(tmp_path, valkey)


def test_an_older_store_is_told_and_left_as_it_is(place: Place) -> None:
    """Looking marks nothing: the agents of before go on until they are stopped."""
    place.schema(SCHEMA - 1)
    place.beat(**RUNS)
    code, found = place.found()
    assert code == 1
    assert "stop all agents, wait a minute, start the new ones" in found["upgrade.schema"]
    assert "agents of the old schema that run: 1" in found["upgrade.agents_run"]
    assert "upgrade.no_backup" in found
    assert place.schema() == SCHEMA - 1


def test_a_newer_store_is_a_downgrade_and_is_refused_with_the_reason(place: Place) -> None:
    """Its records are not even looked at; every other command refuses it, too."""
    place.schema(SCHEMA + 1)
    code, found = place.found()
    assert code == 1
    assert f"the store has schema {SCHEMA + 1}, this release knows {SCHEMA}" in found["upgrade.downgrade"]
    assert "upgrade.gates" not in found
    assert run("pending", config=place.config).returncode == 2


def test_the_same_schema_needs_no_standstill(place: Place) -> None:
    """Agents are restarted one after the other; open gates stay."""
    config = configuration.load(place.config)
    keys = key_files.load(config.keys, config.installation)
    RedisStore(client_for(place.server.url), keys.mac_key, prefix=f"{{{place.prefix}}}")
    place.beat(**RUNS | {"version": __version__})
    code, found = place.found()
    assert code == 0
    assert "one after the other" in found["upgrade.schema"]
    assert found["upgrade.gates"] == "no gate is open"


def test_files_that_this_release_refuses_are_named(place: Place) -> None:
    """With every problem; nothing else is looked at."""
    edit(place.config, ("poll_seconds = 0.5", "poll_second = 0.5"))
    code, found = place.found()
    assert code == 2
    assert list(found) == ["config.unusable"]
    assert "poll_second" in found["config.unusable"]


def test_a_store_that_is_down_is_a_finding(tmp_path: Path) -> None:
    """With what to look at."""
    done = run("upgrade-check", config=with_keys(write(tmp_path)))
    assert done.returncode == 1
    assert "refused the connection" in " ".join(done.stdout.split())


def test_an_agent_of_a_newer_release_makes_it_a_downgrade() -> None:
    """Also where the schema is the same."""
    (newer,) = agent_parts([{"version": "99.0.0"}])
    assert (newer.id, newer.ok) == ("upgrade.older", False)
    (older,) = agent_parts([RUNS])
    assert older.ok
    refused = list(agent_parts([RUNS | {"refused": "policy.toml line 3"}]))
    assert [part.id for part in refused] == ["upgrade.agents", "agent.rules_refused"]


@pytest.mark.parametrize(("schema", "ids"), [(0, ["upgrade.schema"]), (SCHEMA, ["upgrade.schema"])])
def test_an_empty_store_is_like_one_of_the_same_schema(schema: int, ids: list[str]) -> None:
    """Nothing has to be stopped for it."""
    assert [part.id for part in schema_parts(schema, [RUNS])] == ids


def test_gates_that_would_end_while_no_agent_runs_are_a_warning() -> None:
    """Only where all must stop; what is decided is delivered by the new agents."""
    soon = gate(deadline=1_000 + 120_000)
    decided = gate(id="g_" + "1" * 32, state=State.APPROVED, deadline=1_000)
    still = list(gate_parts([soon, decided], 1_000, stands_still=True))
    assert [part.id for part in still] == ["upgrade.gates", "upgrade.gates_end"]
    assert "2 gates open" in still[0].says
    assert "1 decided" in still[0].says
    assert [part.id for part in gate_parts([soon], 1_000, stands_still=False)] == ["upgrade.gates"]


def test_the_library_of_the_newest_gate_is_compared_with_this_release() -> None:
    """An older one works; it is said what to do afterwards."""
    old = gate(request_text=request_text(lib="0.9.0").decode(), opened_at=5)
    new = gate(request_text=request_text(lib="1.0.0").decode(), opened_at=9)
    assert newest_libraries(iter([new, old])) == {"main": "1.0.0"}
    (fits,) = library_parts({"main": "1.0.0"})
    (other,) = library_parts({"main": "0.9.0"})
    assert fits.ok
    assert not fits.mend
    assert other.ok
    assert "init --library" in other.mend

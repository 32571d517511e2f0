"""A Jenkins to talk to: real HTTP on 127.0.0.1, answering as two recorded controllers do.

    with JenkinsSimulator() as sim:                       # or .start() and .stop(); port=0 takes a free one
        sim.job("team one/deploy", deploy)                # deploy(build: Build) runs in a thread
        build = sim.build("team one/deploy", user="dev")  # starts a build
        asked = build.wait_paused()                       # an input waits
        requests.post(f"{sim.url}{build.path}input/{asked.id}/proceedEmpty", auth=sim.auth("mfa-agent"))
        assert build.wait_finished() == "SUCCESS"
        print(build.console, build.ran, build.description)

Steps of a pipeline: jenkins_steps, jenkins_pipeline; among them `build.mfa_gate(body, environment="production")`,
which needs `trust=Trust(keys, issuer, source)`. Parameters, libraries, checkouts, causes: jenkins_model.
Accounts: admin, dev, mfa-agent, agent-min, desc, noread, stranger; `sim.auth(id)` is (id, API token), the
password is the id, `sim.users[id].permissions` may be replaced. `sim.paused(job, PausedInput(...))` waits
without a pipeline and ends with its inputs. `sim.multibranch(name)` makes a folder a multibranch project, whose
branches are jobs like `team one/mb/feature%2Fx`.

Faults: `sim.faults` (status, body, lose, drop, hold, seconds, phase), `sim.go_down()` (port refuses),
`sim.come_up(phase=..., listed=...)`, `sim.restart()` (new session id, inputs survive), `sim.quiet_down()` and
`sim.cancel_quiet_down()`, `build.race = threading.Barrier(2)` (two settlements meet, both get 200),
`build.bring_back(asked)` (a settled input waits again).

`sim.requests` holds every request that arrived (method, path, user, status, monotonic time, seconds);
`sim.count(part)` counts them. `profile`: ROUND_ONE (2.528.1, Jetty), ROUND_TWO (2.516.2, Tomcat).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any, Literal, Self

from jenkins_mfa.simulators.jenkins_accounts import ROUND_ONE, ROUND_TWO, Profile, User
from jenkins_mfa.simulators.jenkins_faults import Faults
from jenkins_mfa.simulators.jenkins_gate import Trust
from jenkins_mfa.simulators.jenkins_http import JenkinsServer, Seen, serve
from jenkins_mfa.simulators.jenkins_input import FlowInterruptedError, PausedInput, PipelineError
from jenkins_mfa.simulators.jenkins_model import Parameter
from jenkins_mfa.simulators.jenkins_pipeline import Build, Pipeline
from jenkins_mfa.simulators.jenkins_run import Run
from jenkins_mfa.simulators.jenkins_state import Controller, Job
from jenkins_mfa.simulators.jenkins_tree import Bean

__all__ = [
    "ROUND_ONE",
    "ROUND_TWO",
    "Build",
    "FlowInterruptedError",
    "JenkinsSimulator",
    "Job",
    "Parameter",
    "PausedInput",
    "PipelineError",
    "Profile",
    "Run",
    "Seen",
    "Trust",
    "User",
]


class JenkinsSimulator:
    """One controller. `context` is a context path like `/jenkins`; `public_url` is the configured URL."""

    def __init__(
        self,
        *,
        port: int = 0,
        profile: Profile = ROUND_ONE,
        context: str = "",
        public_url: str | None = None,
        now: Callable[[], float] = time.time,
        accounts: Iterable[User] = (),
        trust: Trust | None = None,
    ) -> None:
        self.controller = Controller(profile, now, accounts)
        self.controller.trust = trust
        self.faults = Faults()
        self._context = context
        self._public_url = public_url
        self._port = port
        self._requests: list[Seen] = []
        self._sessions: dict[str, str] = {}
        self._server: JenkinsServer | None = None

    def start(self) -> Self:
        """Listen. Raises OSError when the port is taken."""
        address = ("127.0.0.1", self._port)
        server = JenkinsServer(address, self.controller, self.faults, self._context, self._public_url)
        server.seen, server.sessions = self._requests, self._sessions
        self._port = server.server_address[1]
        self._server = server
        self.controller.root_url = self._public_url or self.url
        serve(server)
        return self

    def stop(self) -> None:
        """End everything: builds are killed, so that no thread stays."""
        self.faults.clear()
        self.controller.running.set()
        for run in list(self.controller.active):
            run.kill()
        self.go_down()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """Where it listens, with the context path and a slash at the end."""
        return f"http://127.0.0.1:{self._port}{self._context}/"

    @property
    def users(self) -> dict[str, User]:
        """Accounts by id."""
        return self.controller.users

    @property
    def requests(self) -> list[Seen]:
        """Every request that arrived, oldest first."""
        return self._requests

    def auth(self, user: str) -> tuple[str, str]:
        """Name and API token of an account."""
        return user, self.users[user].token

    def count(self, part: str = "") -> int:
        """How many requests had this part in `METHOD /path?query`."""
        return sum(part in f"{seen.method} {seen.path}" for seen in self._requests)

    def job(self, full_name: str, pipeline: Pipeline | None = None, **settings: Any) -> Job:
        """Add or replace a job: parameters, libraries, checkouts (number -> Checkouts), env, token."""
        return self.controller.job(full_name, pipeline, **settings)

    def multibranch(self, full_name: str) -> None:
        """Make a folder a multibranch project."""
        self.controller.multibranch(full_name)

    def build(
        self,
        full_name: str,
        user: str = "dev",
        *,
        causes: Sequence[Bean] | None = None,
        parameters: Mapping[str, str | bool] | None = None,
    ) -> Build:
        """Start a build of a job."""
        return self.controller.start(full_name, user, causes=causes, parameters=parameters)

    def paused(
        self, full_name: str, *inputs: PausedInput, user: str = "dev", causes: Sequence[Bean] | None = None
    ) -> Run:
        """Add a build that waits in these inputs, without a pipeline."""
        return self.controller.paused(full_name, *inputs, user=user, causes=causes)

    def go_down(self) -> None:
        """Close the port and every connection: connecting is refused. Builds stay as they are."""
        server, self._server = self._server, None
        if server is not None:
            server.shutdown()
            server.server_close()
            server.cut()

    def come_up(self, *, phase: Literal["up", "loading", "users"] = "up", listed: Sequence[Run] | None = None) -> None:
        """Listen on the same port with a new session id.

        `loading` answers 503 with HTML, `users` 401 to valid tokens; set `sim.faults.phase` to go on.
        `listed` names the builds that the listing shows at first; `finish_loading()` shows all.
        """
        self.controller.new_session()
        self._sessions.clear()
        self.faults.phase = phase
        hidden = set(self.controller.active) - set(listed) if listed is not None else set()
        self.controller.hidden_after_restart = hidden
        self.start()

    def finish_loading(self) -> None:
        """The restart is over: every request is answered, and the listing is complete."""
        self.faults.phase = "up"
        self.controller.hidden_after_restart = set()

    def restart(self) -> None:
        """Stop and start at once; pending inputs survive with the same url and id."""
        self.go_down()
        for run in list(self.controller.active):
            when = time.strftime("%a %b %d %H:%M:%S UTC %Y", time.gmtime(self.controller.now()))
            resumed = f"Resuming build at {when} after Jenkins restart"
            run.write("Pausing (shutting down)", resumed, f"Ready to run at {when}")
        self.come_up()

    def quiet_down(self) -> None:
        """Prepare for shutdown: a Proceed is taken, but no build goes on."""
        self.controller.running.clear()

    def cancel_quiet_down(self) -> None:
        """Go on."""
        self.controller.running.set()

"""What can go wrong between an agent and a controller, switched on by a test or a benchmark.

Every fault names the requests that it meets by a part of `METHOD /path?query`, and how many of them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from jenkins_mfa.simulators.jenkins_answers import Answer, Answers


@dataclass(slots=True, eq=False)
class Fault:
    """One fault: an answer in place of the real one, a closed socket, or a pause."""

    part: str
    left: int
    kind: Literal["answer", "lose", "drop", "echo", "hold", "hold_answer"]
    answer: Callable[[Answers], Answer] | None = None
    release: threading.Event | None = None
    status: int = 0


class Faults:
    """The faults of one simulator. `seconds` is added to every request."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.phase: Literal["up", "loading", "users"] = "up"
        self._faults: list[Fault] = []
        self._lock = threading.Lock()

    def status(self, part: str, status: int, times: int = 1) -> None:
        """Answer with 401, 403, 404, 500 or 503 as Jenkins does, whatever was asked, without any effect."""
        made: dict[int, Callable[[Answers], Answer]] = {
            401: lambda answers: answers.unauthorized("/"),
            403: lambda answers: answers.login_needed(),
            404: lambda answers: answers.not_found(),
            503: lambda answers: answers.starting(),
        }
        self._add(Fault(part, times, "answer", made.get(status, lambda answers: answers.page(status, "Jenkins"))))

    def body(self, part: str, body: bytes, content_type: str = "application/json", times: int = 1) -> None:
        """Answer 200 with these bytes: garbage, 50 MB, another shape of JSON, HTML."""
        self._add(Fault(part, times, "answer", lambda _: Answer(200, [("Content-Type", content_type)], body)))

    def lose(self, part: str, times: int = 1) -> None:
        """Let the request have its effect and close the socket instead of answering."""
        self._add(Fault(part, times, "lose"))

    def drop(self, part: str, times: int = 1) -> None:
        """Close the socket before the request has any effect."""
        self._add(Fault(part, times, "drop"))

    def echo(self, part: str, status: int = 500, times: int = 1) -> None:
        """Answer with the request's own headers and body, in X-Error and a page, as debugging proxies do."""
        self._add(Fault(part, times, "echo", status=status))

    def hold(self, part: str, times: int = 1, *, after_effect: bool = False) -> threading.Event:
        """Keep requests waiting, before or after their effect, until the returned event is set."""
        release = threading.Event()
        self._add(Fault(part, times, "hold_answer" if after_effect else "hold", release=release))
        return release

    def clear(self) -> None:
        """No more faults; what is held goes on."""
        with self._lock:
            faults, self._faults = self._faults, []
        for fault in faults:
            if fault.release is not None:
                fault.release.set()
        self.seconds, self.phase = 0.0, "up"

    def take(self, request_line: str) -> Fault | None:
        """The fault that meets this request, or None."""
        with self._lock:
            for fault in self._faults:
                if fault.left > 0 and fault.part in request_line:
                    fault.left -= 1
                    return fault
        return None

    def _add(self, fault: Fault) -> None:
        with self._lock:
            self._faults.append(fault)

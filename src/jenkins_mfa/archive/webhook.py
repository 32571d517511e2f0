"""A destination of the trail behind HTTPS: some events a call, a line each, signed after Standard Webhooks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from jenkins_mfa.archive.forms import Form
from jenkins_mfa.core.chain import Linked
from jenkins_mfa.errors import ArchiveError
from jenkins_mfa.hook import Hook, NotTakenError
from jenkins_mfa.outbound import Tls


class Webhook:
    """Sends to `url`, with the secret that stands in a file."""

    def __init__(self, url: str, secret_file: Path, tls: Tls, form: Form) -> None:
        self._hook = Hook(url, secret_file, tls)
        self._form = form

    def send(self, events: Sequence[Linked]) -> None:
        """Returns once they were taken (2xx). The call's id is the same when the same events are sent again. Raises
        ArchiveError.
        """
        body = b"".join(map(self._form, events))
        message = f"trail-{events[-1].seq}-{events[-1].hash[:16]}-{len(events)}"
        try:
            self._hook.call(message, "application/x-ndjson", body)
        except NotTakenError as error:
            raise ArchiveError(str(error)) from None

    def close(self) -> None:
        """Nothing stays open between two calls."""

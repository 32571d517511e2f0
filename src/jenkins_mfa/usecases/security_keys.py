"""What the use cases need of security keys: WebAuthn ceremonies, for one installation.

The caller keeps the binding of each challenge, and has it consumed (taken out of the person's record by a commit of its
own) *before* it asks for a judgement: an answer that fails has used its challenge up, too. `credential` comes from the
record of the person who is bound, never from a search for the id in the answer. The caller stores the counter with the
answer, and suspends the credential on CounterError.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from jenkins_mfa.core.assertion import Assertion
from jenkins_mfa.core.binding import ActBinding, Binding
from jenkins_mfa.core.credential import Credential, Registration


class SecurityKeys(Protocol):
    """Options for a page, and its answers (the posted bytes) judged. `now` is ms UTC.

    Every judgement raises EvidenceError, whose `reason` is stable, and nothing else.
    """

    def registration_options(self, binding: ActBinding, shown: str, known: Sequence[Credential]) -> dict[str, Any]:
        """JSON for `navigator.credentials.create`; `shown` is the person's name, `known` what they have already."""

    def register(self, body: bytes, binding: ActBinding, now: int) -> Registration:
        """The new credential. Whether somebody has its id already is for the caller to look up."""

    def assertion_options(self, binding: Binding, credentials: Sequence[Credential]) -> dict[str, Any]:
        """JSON for `navigator.credentials.get`: the bound one of these, or all where none is bound.

        Raises ValueError where that is none: browsers would take any.
        """

    def claimed_id(self, body: bytes) -> bytes:
        """The credential id that an answer names: to choose among the person's own where none is bound."""

    def verify_assertion(
        self, body: bytes, binding: Binding, credential: Credential, counter: int, now: int
    ) -> Assertion:
        """The answer that `credential` has signed for `binding`; `counter` is the last one stored.

        Raises CounterError, an EvidenceError, where a good signature counts no further.
        """

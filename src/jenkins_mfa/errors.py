"""The error tree, split by who acts next: the caller retries, the operator mends, the person reads.

Messages are sentences for people. They never hold a secret, and foreign text in them is made visible
(escaped) by whoever raises.
"""

from __future__ import annotations


class JenkinsMfaError(Exception):
    """The root of all errors of this project; never raised itself."""


class ConfigError(JenkinsMfaError):
    """The operator mends: files, keys or values that cannot be used. Holds all problems found at once."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class UntrustedInputError(JenkinsMfaError):
    """Something from outside does not have the shape it must have; it is refused and changes nothing."""


class RequestError(UntrustedInputError):
    """The request text of a paused run cannot be used. `problems` names each fault and its place."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


class ReceiptError(UntrustedInputError):
    """A receipt does not prove what was asked."""


class EvidenceError(UntrustedInputError):
    """What came from a security key does not prove what was asked. `reason` is stable; the text is a sentence."""

    def __init__(self, reason: str, says: str) -> None:
        super().__init__(f"the answer of the security key {says}")
        self.reason = reason


class CounterError(EvidenceError):
    """A good signature whose counter did not grow: the key may have been copied. The caller suspends the credential."""

    def __init__(self) -> None:
        super().__init__("counter", "counts no further than the one before: the key may have been copied")


class SealError(UntrustedInputError):
    """A sealed record or an HMAC does not fit: damaged, moved to another place, or tampered with."""


class UnknownKeyError(JenkinsMfaError):
    """The operator mends: a stored record names a key id that the key files do not hold."""


class Refusal(JenkinsMfaError):
    """A person reads it: their answer was not counted, and why.

    `code` is stable: words has its sentence, the trail stores it. `values` fill the sentence; never a secret.
    """

    def __init__(self, code: str, values: dict[str, str] | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.values = values or {}


class SourceError(JenkinsMfaError):
    """A CI system did not do what was asked of it."""


class SourceUnavailableError(SourceError):
    """The caller retries: unreachable, starting up, busy or answering garbage. `retry_after` in seconds, if told.

    `code` says why in words' terms: a status of HTTP, or one of its own.
    """

    def __init__(self, text: str, retry_after: float | None = None, code: str = "unreachable") -> None:
        super().__init__(text)
        self.retry_after = retry_after
        self.code = code


class SourceForbiddenError(SourceError):
    """The operator mends: the account may not do this."""


class SourceGoneError(SourceError):
    """The thing asked for is not there (any more); look at the run again before concluding anything."""


class MessengerError(JenkinsMfaError):
    """A messenger did not take a message."""


class MessengerUnavailableError(MessengerError):
    """The caller retries. `retry_after` in seconds, if told."""

    def __init__(self, text: str, retry_after: float | None = None) -> None:
        super().__init__(text)
        self.retry_after = retry_after


class MessageGoneError(MessengerError):
    """What was named is no longer there: a message or its channel (post it anew, elsewhere if need be), or a group."""


class MessageRefusedError(MessengerError):
    """The messenger will never take this payload; retrying does not help."""


class StoreError(JenkinsMfaError):
    """The store did not take or give something."""


class StoreUnavailableError(StoreError):
    """The caller retries: the store cannot be reached, nothing was sent."""


class StoreUncertainError(StoreError):
    """The caller commits the same again under the same id: the answer was lost, the effect is unknown."""


class StoreConflictError(StoreError):
    """The caller loads and decides again: somebody else committed in between."""


class StoreUnusableError(StoreError):
    """The operator mends: newer schema, evicting policy, no persistence."""


class RolledBackError(StoreUnusableError):
    """The operator mends: the store is not the one that the checkpoints outside it know of (S21)."""


class ArchiveError(JenkinsMfaError):
    """The operator mends: a file that is kept outside the store cannot be read or written. No gate waits for it."""


class DamagedError(StoreUnusableError):
    """One stored record is not as it was written: it alone is set aside, everything else goes on.

    `record` is its name, `reason` what is wrong with it, `version` what the store counts it as (0: as none).
    """

    def __init__(self, record: str, reason: str, version: int = 0) -> None:
        super().__init__(f"the stored record {record} is damaged: {reason}")
        self.record = record
        self.reason = reason
        self.version = version

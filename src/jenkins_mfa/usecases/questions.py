"""What security keys are being asked: kept in their person's record, and used up before an answer is looked at (S7).

A question belongs to the session of the page that asked it. No other session of the person takes its place or answers
it: whoever has come to one, but not to the key, keeps nobody from using theirs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from jenkins_mfa.core.model import Ceremony, Commit, PersonRecord
from jenkins_mfa.errors import Refusal
from jenkins_mfa.usecases.desk import Desk, Who, commit_id

MOST = 64  #: questions of one person that stand at a time; the oldest gives way


def ask(desk: Desk, record: PersonRecord, asked: Ceremony) -> None:
    """Keep a question. It replaces one about the same that its session has asked before; ended ones are dropped."""
    kept = (one for one in record.ceremonies if one.expires > asked.issued and _about(one) != _about(asked))
    after = replace(record, version=record.version + 1, ceremonies=(*kept, asked)[-MOST:])
    desk.store.commit(Commit(commit_id("asked", asked.nonce, str(after.version)), (after,)))


def consume(desk: Desk, record: PersonRecord, who: Who, nonce: str, fits: Callable[[Ceremony], bool]) -> Ceremony:
    """The question that `nonce` names, taken out of the record for good. Of two answers to it one gets this far.

    Raises Refusal (`question_over`) where the session of `who` has asked none, or one that does not fit.
    """
    found = next((one for one in record.ceremonies if one.nonce == nonce), None)
    if found is None or found.session != who.session or not fits(found):
        raise Refusal("question_over")
    rest = tuple(one for one in record.ceremonies if one is not found)
    after = replace(record, version=record.version + 1, ceremonies=rest)
    # Random: the same answer on another replica must not find this commit, and take it for its own.
    desk.store.commit(Commit(commit_id("consumed", nonce, desk.randomness.hex(16)), (after,)))
    if desk.store.now() >= found.expires:
        raise Refusal("question_over")
    return found


def _about(one: Ceremony) -> tuple[object, ...]:
    return (one.purpose, one.gate, one.decision, one.act, one.credential, one.session)

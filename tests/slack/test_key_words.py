"""What people read about security keys: whoever used one, the trail, and its auditor."""

from __future__ import annotations

import re
from pathlib import Path

from samples import ROSTER

from evidence_kit import CONFIRMED
from jenkins_mfa.core import audit_evidence, evidence
from jenkins_mfa.core.model import Entry
from jenkins_mfa.words import evidence as wording
from jenkins_mfa.words import history, keys, refusals, render

SOURCES = Path(__file__).parents[2] / "src" / "jenkins_mfa"


def test_whatever_a_key_does_not_prove_has_its_words() -> None:
    """For its person and for the auditor: each reason that the sources raise, and one of tomorrow."""
    raised = re.compile(r'EvidenceError\(\s*"(\w+)"')
    found = {code for path in SOURCES.rglob("*.py") for code in raised.findall(path.read_text())}
    assert "user_verified" in found
    assert set(keys.PROBLEMS) == found | {"counter"}
    assert "its PIN, your finger or face" in keys.refused("user_verified")
    assert keys.refused("a reason of tomorrow") == keys.refused("challenge")
    assert keys.means("a reason of tomorrow") == "a reason of tomorrow"


def test_a_key_that_is_not_enrolled_is_said_to_be_that() -> None:
    """It has answered nothing that could count; the trail tells the problem, too."""
    roots = "Not enrolled: nobody whom jenkins-mfa knows vouches for this key's model."
    said = refusals.refusal("key_unfit", {"problem": "root"}, None, ROSTER, 0)
    assert render.terminal(said).startswith(roots)
    assert keys.unfit("a reason of tomorrow").startswith("Not enrolled: the key's answer does not fit")
    details = {"person": "bob", "use": "enrol", "reason": "key_unfit", "problem": "too_long"}
    assert render.terminal(history.sentence(Entry("ticket:refused", 1, "web", details=details), ROSTER)) == (
        "The one-time address of Bob Ray for an authenticator was not taken: somebody brought a new key that cannot be "
        "enrolled: what it leaves as evidence is longer than the trail takes."
    )


def test_the_trail_says_what_a_refused_key_did_not_prove() -> None:
    """The reason stands behind the sentence, where there is one."""
    entry = Entry("answer:refused", 1, "alice", "g_1.1", details={"reason": "key_refused"})
    refused = "Not counted: Alice Wu sent an answer of a key that does not prove what was asked"
    assert render.terminal(history.sentence(entry, ROSTER)) == f"{refused}."
    entry.details["problem"] = "origin"
    assert render.terminal(history.sentence(entry, ROSTER)) == f"{refused}: the key was used on another site."


def test_wherever_trail_and_key_disagree_there_are_words() -> None:
    """Each fact that is compared, and evidence that is missing."""
    found = evidence.decode(str(CONFIRMED.details["evidence"]))
    compared = {why for why, _, _ in audit_evidence._compared(CONFIRMED, found, audit_evidence._Told(), None)}
    assert set(wording.DISAGREE) == compared | {"missing"}

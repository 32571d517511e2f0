"""An auditor doubts the agent: evidence in the trail is verified again, and compared with the trail (S7, row 45)."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import builders
import security_keys_kit as kit
from evidence_kit import ACTS, CONFIRMED, DENIED, ENROLLED, JTI, OPENED, OTHER_KEY, RUN, SITE, TRAIL, detailed, signed
from jenkins_mfa.core import audit, evidence
from jenkins_mfa.core import chain as chains
from jenkins_mfa.core.audit import AuditEvent, Name
from jenkins_mfa.core.audit_evidence import Judged, examine
from jenkins_mfa.core.chain import Head, Linked
from jenkins_mfa.core.model import Entry
from jenkins_mfa.core.relying_party import RelyingParty
from jenkins_mfa.simulators.security_key import RS256, Lies
from jenkins_mfa.store.trail import link


def judged(entries: Iterable[Entry], site: RelyingParty | None = SITE) -> list[Judged]:
    """All answers of keys in a trail that whoever made it has linked: its chain holds, whatever it says."""
    chain, head = [], audit.START
    for seq, one in enumerate(entries, 1):
        raw = audit.encode(
            AuditEvent(seq, one.at, Name(one.event), one.actor, one.gate, one.source, one.run, one.details)
        )
        head = audit.link(head, raw)
        chain.append(Linked(seq, raw, head))
    assert isinstance(chains.verify_chain((one.raw, one.hash) for one in chain), chains.Chain)
    return list(examine(((one.seq, one.entry) for one in chain), site))


def why(*entries: Entry, site: RelyingParty | None = SITE) -> str:
    """Why the only answer does not hold; empty where it does."""
    (found,) = judged(entries, site)
    assert found.entry in entries
    return found.why


@pytest.mark.parametrize("answer", [CONFIRMED, DENIED], ids=["confirmed", "denied"])
def test_what_a_key_has_signed_holds_in_the_trail(answer: Entry) -> None:
    """An approval and a denial, at their place, with the page's origin."""
    assert judged((ENROLLED, OPENED, answer)) == [Judged(3, answer, origin=kit.ORIGIN)]


def test_answers_of_other_factors_are_none_of_this() -> None:
    """Taps, codes, denials in Slack and those that follow from another gate's hold no evidence, and need none."""
    tap, code = (detailed(CONFIRMED, factor=factor, evidence=None) for factor in ("push", "totp"))
    assert judged((ENROLLED, OPENED, tap, code, detailed(DENIED, evidence=None, factor=None))) == []


def test_a_key_without_evidence_is_a_finding() -> None:
    """Whoever takes the evidence out does not make the answer right."""
    assert why(ENROLLED, OPENED, detailed(CONFIRMED, evidence=None)) == "missing"
    assert why(ENROLLED, OPENED, detailed(DENIED, evidence=None)) == "missing"


def test_a_denial_of_before_its_factor_was_kept_holds() -> None:
    """Its evidence says that a key gave it; a factor that says otherwise is found."""
    assert judged((ENROLLED, OPENED, detailed(DENIED, factor=None)))[0].why == ""
    assert why(ENROLLED, OPENED, detailed(DENIED, factor="totp")) == "factor"


BEFORE = {
    "person": (replace(CONFIRMED, actor="bob"), "person", "alice"),
    "decision": (
        replace(CONFIRMED, event="gate:denied", details={"evidence": CONFIRMED.details["evidence"]}),
        "decision",
        "approve",
    ),
    "denial": (detailed(CONFIRMED, evidence=DENIED.details["evidence"]), "decision", "deny"),
    "gate": (replace(CONFIRMED, gate="g_02.1"), "gate", JTI),
    "generation": (replace(CONFIRMED, gate="g_01.2"), "gate", JTI),
    "run": (replace(CONFIRMED, run="main:team one/deploy:18:1"), "run", RUN),
    "source": (replace(CONFIRMED, source="other"), "run", RUN),
    "authenticator": (detailed(CONFIRMED, authenticator="a_02"), "authenticator", "a_01"),
    "no authenticator": (detailed(CONFIRMED, authenticator=None), "authenticator", "a_01"),
    "factor": (detailed(CONFIRMED, factor="push"), "factor", ""),
    "earlier": (replace(CONFIRMED, at=builders.NOW - 1), "time", ""),
    "later": (replace(CONFIRMED, at=builders.NOW + 60_000), "time", ""),
}


@pytest.mark.parametrize("name", BEFORE)
def test_row_45_an_entry_changed_under_a_new_chain_is_found(name: str) -> None:
    """Whoever writes the store links a chain that holds, and cannot have the key sign what they made of the entry."""
    changed, reason, told = BEFORE[name]
    opened_too = replace(OPENED, gate=changed.gate)
    assert judged((ENROLLED, opened_too, changed)) == [Judged(3, changed, reason, told, kit.ORIGIN)]


@pytest.mark.parametrize("name", kit.BOUND)
def test_row_45_a_bundle_changed_to_fit_is_found(name: str) -> None:
    """The entry and its evidence changed alike: then it is not what the key has signed."""
    bundle = evidence.decode(signed())
    forged = replace(bundle, binding=replace(bundle.binding, **{name: kit.BOUND[name]}))
    assert why(ENROLLED, OPENED, detailed(CONFIRMED, evidence=evidence.encode(forged))) == "challenge"


def test_row_45_the_enrolment_ties_the_key_to_the_person() -> None:
    """A signature by a key that nobody was given, was given later, or that somebody else was given, proves nothing."""
    assert why(OPENED, CONFIRMED) == "enrolled"
    assert why(OPENED, CONFIRMED, ENROLLED) == "enrolled"
    assert why(detailed(ENROLLED, key_sha256=OTHER_KEY), OPENED, CONFIRMED) == "enrolled"
    assert why(detailed(ENROLLED, person="bob"), OPENED, CONFIRMED) == "owner"
    assert why(detailed(ENROLLED, person="bob"), OPENED, DENIED) == "owner"


def test_a_key_stays_with_whom_it_was_enrolled_for_first() -> None:
    """An enrolment that is put in later does not turn answers over to somebody else."""
    assert why(ENROLLED, detailed(ENROLLED, person="bob"), OPENED, CONFIRMED) == ""


@pytest.mark.parametrize("event", ["authenticator:revoked", "authenticator:suspended"])
def test_a_key_that_was_switched_off_before_is_a_finding(event: str) -> None:
    """Afterwards it is none: the answer was right when it was given."""
    off = Entry(event, builders.NOW, "alice", details={"person": "alice", "authenticator": "a_01"})
    assert why(ENROLLED, OPENED, off, CONFIRMED) == "switched_off"
    assert why(ENROLLED, OPENED, off, DENIED) == "switched_off"
    assert why(ENROLLED, OPENED, CONFIRMED, off) == ""
    assert why(ENROLLED, OPENED, detailed(off, authenticator="a_02"), CONFIRMED) == ""


def test_second_admin_an_answer_of_a_key_that_waited_is_a_finding() -> None:
    """What no second administrator had confirmed by then answers nothing."""
    waits, about = detailed(ENROLLED, state="waits"), {"person": "alice", "authenticator": "a_01"}
    confirmed = Entry("authenticator:confirmed", builders.NOW, "carol", details=about)
    assert why(waits, OPENED, CONFIRMED) == "unconfirmed"
    assert why(waits, OPENED, CONFIRMED, confirmed) == "unconfirmed"
    assert why(waits, detailed(confirmed, authenticator="a_02"), OPENED, CONFIRMED) == "unconfirmed"
    assert why(waits, confirmed, OPENED, CONFIRMED) == ""


def test_the_request_is_the_one_that_the_gate_was_opened_with() -> None:
    """Also where no opening is told at all."""
    assert why(ENROLLED, detailed(OPENED, request_sha256="c" * 64), CONFIRMED) == "request"
    assert why(ENROLLED, CONFIRMED) == "request"


@pytest.mark.parametrize(
    "site",
    [
        RelyingParty("mfa.example.com", "https://mfa.example.com:8443"),
        RelyingParty("example.com", "https://mfa.example.com"),
        RelyingParty("evil.example.com", "https://evil.example.com"),
    ],
    ids=["port", "parent", "other"],
)
def test_row_16_another_site_than_the_configured_one_is_a_finding(site: RelyingParty) -> None:
    """A signature that a look-alike page got is good, and for that page. Without a site nothing is compared."""
    assert why(*TRAIL, site=site) == "site"
    assert why(*TRAIL, site=None) == ""


def test_row_11_one_signature_stands_for_one_answer() -> None:
    """A retracted approval is not given once more by copying its evidence."""
    again = replace(CONFIRMED, at=CONFIRMED.at + 1)
    assert [one.why for one in judged((*TRAIL, again))] == ["", "doubled"]


@pytest.mark.parametrize(
    ("reason", "lies"),
    [
        ("origin", Lies(origin="https://evil.example.com")),
        ("user_verified", Lies(flags_off=4)),
        ("user_present", Lies(flags_off=1)),
        ("cross_origin", Lies(said={"crossOrigin": True})),
        ("ceremony", Lies(ceremony="webauthn.create")),
        ("signature", Lies(signature=b"x")),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_the_agent_refuses_is_a_finding_of_the_same_name(reason: str, lies: Lies) -> None:
    """Should it ever stand in the trail."""
    assert why(ENROLLED, OPENED, detailed(CONFIRMED, evidence=signed(lies=lies))) == reason


KEPT: dict[str, Any] = json.loads(signed())


@given(st.text(max_size=200) | st.integers() | st.dictionaries(st.sampled_from(sorted(KEPT)), st.text(max_size=5)))
def test_garbage_in_place_of_evidence_is_a_finding(value: str | int | dict[str, str]) -> None:
    """Never another error, never right, and what stands after it is judged all the same."""
    kept = json.dumps({**KEPT, **value}) if isinstance(value, dict) else value
    if isinstance(value, dict) and all(KEPT[name] == other for name, other in value.items()):
        return
    bad = detailed(CONFIRMED, evidence=kept)
    first, second = examine(enumerate((ENROLLED, OPENED, bad, DENIED)), SITE)
    assert (bool(first.why), second.why) == (True, "")


@pytest.mark.parametrize("name", ACTS)
def test_what_a_key_has_signed_as_an_act_holds(name: str) -> None:
    """Administrators' acts, and one's own: also the removal of the very key that has signed it."""
    assert judged((ENROLLED, ACTS[name])) == [Judged(2, ACTS[name], origin=kit.ORIGIN)]


@pytest.mark.parametrize(("name", "other"), list(permutations(ACTS, 2)))
def test_another_acts_evidence_is_found(name: str, other: str) -> None:
    """Whoever puts it there has the same administrator's good signature, over something else."""
    assert why(ENROLLED, detailed(ACTS[name], evidence=ACTS[other].details["evidence"])) == "act"


@pytest.mark.parametrize("name", ACTS)
def test_what_was_signed_for_a_gate_stands_for_no_act(name: str) -> None:
    """Or the other way round."""
    assert why(ENROLLED, detailed(ACTS[name], evidence=CONFIRMED.details["evidence"])) == "act"
    assert why(ENROLLED, OPENED, detailed(CONFIRMED, evidence=ACTS[name].details["evidence"])) == "act"


ACTED = {
    "target": (detailed(ACTS["unlock"], person="carol"), "act"),
    "no target": (detailed(ACTS["unlock"], person=None), "act"),
    "released": (detailed(ACTS["release"], target="carol"), "act"),
    "removed": (detailed(ACTS["remove"], authenticator="a_09"), "act"),
    "confirmed": (detailed(ACTS["confirm"], authenticator="a_08"), "act"),
    "kind": (detailed(ACTS["add"], kind="webauthn"), "act"),
    "event": (replace(ACTS["unlock"], event="authenticator:suspended"), "act"),
    "actor": (replace(ACTS["lost"], actor="bob"), "person"),
    "factor": (detailed(ACTS["lost"], factor="totp"), "factor"),
    "no factor": (detailed(ACTS["lost"], factor=None), "factor"),
    "proof": (detailed(ACTS["invite"], proof="a_02"), "authenticator"),
    "later": (replace(ACTS["invite"], at=builders.NOW + 60_000), "time"),
    "taken out": (detailed(ACTS["release"], evidence=None), "missing"),
}


@pytest.mark.parametrize("name", ACTED)
def test_row_45_an_act_changed_under_a_new_chain_is_found(name: str) -> None:
    """As of answers to gates."""
    changed, reason = ACTED[name]
    assert why(ENROLLED, changed) == reason


@pytest.mark.parametrize("name", kit.ACTED)
def test_row_45_changed_evidence_of_an_act_is_found(name: str) -> None:
    """Each field is in what the key has signed."""
    bundle = evidence.decode(str(ACTS["unlock"].details["evidence"]))
    forged = replace(bundle, binding=replace(bundle.binding, **{name: kit.ACTED[name]}))
    assert why(ENROLLED, detailed(ACTS["unlock"], evidence=evidence.encode(forged))) == "challenge"


def test_row_45_an_acts_key_is_its_administrators_and_serves_once() -> None:
    """Enrolled for them before, and not switched off; one signature is one act."""
    unlock = ACTS["unlock"]
    off = Entry("authenticator:revoked", builders.NOW, "alice", details={"person": "alice", "authenticator": "a_01"})
    assert why(unlock) == "enrolled"
    assert why(detailed(ENROLLED, person="carol"), unlock) == "owner"
    assert why(ENROLLED, off, unlock) == "switched_off"
    assert why(detailed(ENROLLED, state="waits"), unlock) == "unconfirmed"
    assert why(ENROLLED, unlock, site=RelyingParty("evil.example.com", "https://evil.example.com")) == "site"
    assert [one.why for one in judged((ENROLLED, unlock, replace(unlock, at=unlock.at + 1)))] == ["", "doubled"]


def test_acts_with_a_code_or_at_the_terminal_need_no_evidence() -> None:
    """Nobody but the agent vouches for those."""
    by_code = detailed(ACTS["unlock"], factor="totp", evidence=None)
    local = Entry("authenticator:unlocked", builders.NOW, "operator:root", details={"person": "bob"})
    assert judged((ENROLLED, by_code, local)) == []


@pytest.mark.parametrize("name", ACTS)
def test_what_nobody_could_verify_again_is_not_done(name: str) -> None:
    """The agent writes no act of a key without its evidence."""
    with pytest.raises(ValueError, match="of a security key is written with its evidence"):
        link(Head(0, audit.START), [detailed(ACTS[name], evidence=None)])


@pytest.mark.parametrize(
    "entry", [detailed(CONFIRMED, evidence=None), detailed(ENROLLED, key_sha256=None)], ids=lambda entry: entry.event
)
def test_what_nobody_could_verify_again_is_not_written(entry: Entry) -> None:
    """The agent itself writes no answer of a key without evidence, and enrols none without naming it."""
    with pytest.raises(ValueError, match="of a security key is written with its"):
        link(Head(0, audit.START), [entry])
    assert link(Head(0, audit.START), [detailed(entry, factor="totp", kind="totp")])


def test_the_trail_takes_the_largest_evidence_that_real_keys_give() -> None:
    """RSA with 4096 bits, a credential id of 255 bytes, a job's long name, what browsers add: all in one detail."""
    long = replace(kit.BINDING, credential=b"c" * 255, pipeline="ü" * 200)
    bundle = kit.evidence_of(RS256, long, lies=Lies(said={"other_keys_can_be_added_here": "x" * 120}))
    wide = replace(bundle, proof=replace(bundle.proof, signature=b"s" * 512, spki=b"k" * 550))
    assert len(evidence.encode(wide)) <= audit.MAX_VALUE
    (linked,) = link(Head(0, audit.START), [detailed(CONFIRMED, evidence=evidence.encode(wide))])
    assert evidence.decode(str(linked.entry.details["evidence"])) == wide

"""Redeeming: a receipt counts once, for whom and what it is; what is presented twice or elsewhere is told to ops."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from at_once import at_once
from checkpoint_kit import file_in, follow, looking
from clock import Clock
from desk_world import World
from fakes import KEYS, SIGNING
from jenkins_mfa.core import receipt as receipts
from jenkins_mfa.core.consumers import Consumer, digest
from jenkins_mfa.core.model import Commit, KeysRecord, RedemptionRecord, RevokedKey, State
from jenkins_mfa.core.policy.globs import Globs
from jenkins_mfa.core.receipt_form import open_token, pinned
from jenkins_mfa.core.receipt_pass import Expected
from jenkins_mfa.core.redemption import Presented
from jenkins_mfa.errors import DamagedError, Refusal, RolledBackError, SourceUnavailableError, StoreUncertainError
from jenkins_mfa.store.gates import RedisStore
from jenkins_mfa.usecases import rollback
from jenkins_mfa.usecases.answer import Answers
from jenkins_mfa.usecases.redeem import redeem
from jenkins_mfa.usecases.watch import Watch
from jenkins_mfa.words import alerts, history, render
from jenkins_mfa.words import receipts as words

PROD = Consumer("prod", digest("p" * 32), ("main",), Globs(("team one/*",)), ("production",))
OTHER = Consumer("other", digest("o" * 32), ("main",), Globs(("*",)), ("production",))
STAGING = Consumer("stage", digest("q" * 32), ("main",), Globs(("*",)), ("staging",))
FIRST, SECOND = "a" * 22, "b" * 22


class Redeeming(World):
    """A gate that was approved and let on, and its receipt."""

    def let_on(self) -> None:
        """One tap, and its answer is delivered."""
        self.open()
        self.tap("alice")
        self.deliver()
        assert self.gate.state is State.RESUMED

    @property
    def receipt(self) -> str:
        return self.source.receipts[-1]

    @property
    def jti(self) -> str:
        return self.gate.jti

    def redeem(
        self, token: str = FIRST, consumer: Consumer = PROD, receipt: str = "", **expected: str
    ) -> RedemptionRecord:
        given = Presented(receipt or self.receipt, token, Expected(**expected))  # type: ignore[arg-type]
        return redeem(self.desk, consumer, given, "web/10.0.0.9")[1]

    def refused(self, **arguments: Any) -> str:
        """Why it is not redeemed."""
        with pytest.raises((receipts.RefusedReceipt, Refusal)) as refused:
            self.redeem(**arguments)
        return refused.value.reason if isinstance(refused.value, receipts.RefusedReceipt) else refused.value.code

    def noted(self) -> list[tuple[str, str, str]]:
        """(event, actor, reason) of what the trail says of receipts."""
        entries = [one.entry for one in self.store.trail]
        return [(e.event, e.actor, str(e.details.get("reason", ""))) for e in entries if e.event.startswith("receipt:")]

    def told(self) -> list[str]:
        """Codes of the alerts about receipts, in order."""
        self.deliver()
        return [one.code for one in self.messenger.alerts if one.code.startswith("receipt_")]


@pytest.fixture
def world() -> Redeeming:
    made = Redeeming()
    made.let_on()
    return made


def test_s10_a_jti_counts_once(world: Redeeming) -> None:
    """Whoever comes second, with another token or as another consumer, reads by whom and when it was redeemed."""
    first = world.redeem()
    assert (first.consumer, first.at) == ("prod", world.clock.now())
    for consumer in (PROD, OTHER):
        with pytest.raises(Refusal) as refused:
            world.redeem(SECOND, consumer)
        assert (refused.value.code, refused.value.values) == ("redeemed", {"by": "prod", "at": str(first.at)})
    assert world.refused(consumer=OTHER) == "redeemed"


def test_a_lost_answer_is_asked_for_again_with_the_same_token(world: Redeeming) -> None:
    """The same yes, as of the first time, also when the receipt has ended meanwhile; the trail has it once."""
    first = world.redeem()
    for seconds in (1, 400, 86_400):
        world.clock.move(seconds=seconds)
        assert world.redeem() == first
    assert world.noted() == [("receipt:redeemed", "consumer:prod", "")]
    assert world.told() == []


def test_a_commit_whose_answer_was_lost_is_found_again(world: Redeeming, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is stored, the consumer was told that nobody knows, and asks again."""
    commit = world.store.commit

    def lost(wanted: Commit) -> None:
        commit(wanted)
        raise StoreUncertainError("the answer was lost")

    monkeypatch.setattr(world.store, "commit", lost)
    with pytest.raises(StoreUncertainError):
        world.redeem()
    monkeypatch.undo()
    assert world.redeem().consumer == "prod"
    assert world.refused(token=SECOND) == "redeemed"
    assert [event for event, _, _ in world.noted()] == ["receipt:redeemed", "receipt:refused"]


def test_s12_a_redemption_is_in_the_trail_in_the_same_commit(world: Redeeming) -> None:
    """Who, what, when, from where; the receipt as its digest, the token not at all."""
    world.redeem()
    entry = world.store.trail[-1].entry
    assert (entry.event, entry.actor, entry.gate, entry.run) == (
        "receipt:redeemed",
        "consumer:prod",
        world.jti,
        world.gate.run.key,
    )
    assert entry.details == {"via": "web/10.0.0.9", "receipt_sha256": receipts.digest(world.receipt)}
    kept = repr(world.store._records) + repr(world.store.trail) + repr(world.messenger.alerts)
    assert FIRST not in kept
    assert world.receipt not in kept
    assert render.terminal(history.sentence(entry, world.desk.roster)) == "The receipt was redeemed by prod."


def test_a_receipt_may_be_redeemed_until_its_exp(world: Redeeming) -> None:
    """For the first time; by the store's clock, which made it: no leeway."""
    exp = world.gate.claim.exp if world.gate.claim else 0
    world.clock.move(seconds=exp - world.clock.now() // 1000)
    assert world.refused() == "expired"
    world.clock.move(seconds=-1)
    world.redeem()


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"run_id": "18"}, "run"),
        ({"pipeline": "team two/deploy"}, "run"),
        ({"source": "second"}, "source"),
        ({"environment": "staging"}, "environment"),
        ({"action": "rotate"}, "action"),
        ({"consumer": STAGING}, "not_guarded"),
    ],
    ids=["run", "pipeline", "source", "environment", "action", "consumer"],
)
def test_s10_presented_for_something_else_is_refused_and_told_to_ops(
    world: Redeeming, arguments: dict[str, Any], reason: str
) -> None:
    """Once for each consumer and reason; where it belongs it still counts."""
    assert world.refused(**arguments) == reason
    assert world.refused(**arguments, token=SECOND) == reason
    assert [noted[2] for noted in world.noted()] == [reason]
    assert world.told() == ["receipt_elsewhere"]
    world.redeem()


def test_s10_presented_for_something_else_is_a_no_for_who_has_redeemed_it(world: Redeeming) -> None:
    """Also with the token that had its yes for another run."""
    world.redeem(run_id="17")
    assert world.refused(run_id="18") == "run"


def test_presented_twice_is_told_to_ops_once(world: Redeeming) -> None:
    """With both names, and the build; whoever asks a thousand times fills neither trail nor channel."""
    world.redeem()
    for number in range(5):
        assert world.refused(token=f"{number}" * 22, consumer=OTHER) == "redeemed"
        assert world.refused(run_id="18") == "run"
    assert sorted(world.told()) == ["receipt_elsewhere", "receipt_twice"]
    assert [event for event, _, _ in world.noted()] == ["receipt:redeemed", "receipt:refused", "receipt:refused"]
    told = next(one for one in world.messenger.alerts if one.code == "receipt_twice")
    says = " ".join(map(render.terminal, alerts.alert(told, world.gate, world.desk.roster)))
    assert "A receipt was presented twice: prod had redeemed it, Nov 24, 16:00 UTC; then other brought it" in says
    assert "“team one/deploy” #17" in says


def forged(world: Redeeming, **changes: object) -> str:
    """What whoever holds our signing key makes of a receipt."""
    claims = open_token(world.receipt, pinned({"k1": SIGNING.public_key()}))
    return receipts.sign({**claims, **changes}, kid="k1", key=SIGNING)


def test_t11_a_signature_alone_redeems_nothing(world: Redeeming) -> None:
    """A receipt that this agent never sent, rightly signed: of no gate, or of one that was let on with another."""
    for change in ({"jti": "g_00.1"}, {"approvers": [{"id": "eve", "factor": "webauthn", "at": 1}]}):
        assert world.refused(receipt=forged(world, **change)) == "unknown"
    assert world.told() == ["receipt_unknown", "receipt_unknown"]
    world.redeem()


def test_a_store_from_before_the_claim_redeems_nothing() -> None:
    """Put back to where the gate still waited: the receipt is not known there."""
    world = Redeeming()
    before = world.open()
    world.tap("alice")
    world.deliver()
    world.store.put(before)
    assert world.refused() == "unknown"


def test_s21_a_store_that_has_forgotten_a_redemption_redeems_nothing(tmp_path: Path) -> None:
    """Neither beneath the agent that redeemed, nor for one that starts and reads the checkpoint, nor accepted."""
    world = Redeeming(checkpoints=file_in(tmp_path))
    world.let_on()
    backup = world.store.backup()
    world.redeem()
    assert follow(world.store, file_in(tmp_path)) == ""
    world.store.restore(backup)
    with pytest.raises(RolledBackError):
        world.redeem(SECOND)
    world.desk = replace(world.desk, continuity=looking(world.store, file_in(tmp_path)))
    for token in (FIRST, SECOND):
        with pytest.raises(RolledBackError):
            world.redeem(token)
    rollback.accept(world.desk, file_in(tmp_path), "operator:root")
    world.desk = replace(world.desk, continuity=looking(world.store, file_in(tmp_path)))
    for token in (FIRST, SECOND):
        assert world.refused(token=token) == "rolled_back"


def test_t8_a_redemption_that_was_taken_out_of_the_store_is_missed(world: Redeeming) -> None:
    """The trail has it: taking out the record does not make the receipt count again."""
    world.redeem()
    del world.store._records[f"redeemed:{world.jti}"]
    assert world.refused(token=SECOND) == "redeemed"


def test_t8_a_redemption_that_was_changed_counts_for_nobody(world: Redeeming) -> None:
    """It does not carry our seal: nobody knows whether it was redeemed, so it is not; ops are told."""
    made = world.redeem()
    world.store._records[f"redeemed:{world.jti}"] = replace(made, consumer="", token_sha256="")
    for token in (FIRST, SECOND):
        with pytest.raises(DamagedError):
            world.redeem(token)
    world.deliver()
    assert [one.code for one in world.messenger.alerts][-1] == "record_damaged"


def test_s17_a_gate_that_did_not_go_on_with_it_redeems_nothing(world: Redeeming) -> None:
    """Bypassed, withdrawn, lapsed: what the receipt was for is not what happened."""
    gate = world.gate
    bypassed = replace(gate, version=gate.version + 1, state=State.BYPASSED)
    entry = replace(
        next(one.entry for one in reversed(world.store.trail) if "version" in one.entry.details),
        details={"version": bypassed.version, "state": "bypassed"},
    )
    world.store.commit(Commit("bypassed", (bypassed,), (entry,)))
    assert world.refused() == "not_let_on"
    world.store.put(gate)  # by whoever can write the store: sealed as it is, it is not the newest
    assert world.refused() == "unknown"


def test_a_receipt_of_a_pause_that_waits_again_redeems_nothing(world: Redeeming) -> None:
    """Its source was put back: whether that build goes on is decided anew, by another receipt."""
    pauses = {world.gate.external_ref: world.gate.nonce}
    world.source.pauses, world.source.settlers = pauses, []
    world.watch.poll()
    assert world.gate.generation == 2
    assert world.refused() == "not_let_on"
    first = world.receipt
    world.tap("bob")
    world.deliver()
    assert world.receipt != first
    assert world.refused(receipt=first) == "not_let_on"
    assert world.redeem().jti == world.gate.jti


def test_on_its_way_counts_too() -> None:
    """The body may redeem before the agent has seen that its answer was taken."""
    world = Redeeming()
    world.open()
    world.tap("alice")
    world.source.lose = SourceUnavailableError("the reply was lost")
    world.deliver(rounds=1)
    assert world.gate.state is State.SENDING
    assert world.redeem().consumer == "prod"


@pytest.mark.parametrize("keys", [(), (replace(KEYS.signing[0], not_after=1),)], ids=["unknown", "ended"])
def test_s10_a_key_that_is_not_in_use_redeems_nothing(
    world: Redeeming, monkeypatch: pytest.MonkeyPatch, keys: tuple[Any, ...]
) -> None:
    """Not even for who has redeemed it before; and it leaves nothing in the trail, which anybody could fill."""
    world.redeem()
    monkeypatch.setattr(world.desk.keys, "signing", keys)
    before = len(world.store.trail)
    assert world.refused() == "unknown_key"
    assert world.refused(receipt="x") == "malformed"
    assert len(world.store.trail) == before


def test_a_receipt_of_another_installation_is_refused(world: Redeeming, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever key has signed it."""
    monkeypatch.setattr(world.desk.keys, "installation", "renamed")
    assert world.refused() == "issuer"


def test_of_many_at_once_one_redeems(store: RedisStore, clock: Clock) -> None:
    """On a real server: six tokens, each sent twice by replicas of one consumer."""
    world = Redeeming(clock=clock)
    world.store = store  # type: ignore[assignment]
    world.desk = replace(world.desk, store=store)
    world.watch, world.answers = Watch(world.desk, world.source), Answers(world.desk)
    world.let_on()
    asks: list[Callable[[], RedemptionRecord]] = [
        lambda n=number: world.redeem(f"{n:022d}") for number in [*range(6), *range(6)]
    ]
    found = at_once(*asks)
    yes = [one for one in found if isinstance(one, RedemptionRecord)]
    assert (len(yes), len({one.token_sha256 for one in yes})) == (2, 1)
    assert len([one for one in found if isinstance(one, Refusal)]) == 10
    events = [linked.entry.event for linked in store.audit_events()]
    assert (events.count("receipt:redeemed"), events.count("receipt:refused")) == (1, 1)


@pytest.mark.parametrize("read", ["entries", "redemption", "gate", "last_entry"])
def test_a_twin_that_lands_between_two_reads_gets_the_same_yes(
    world: Redeeming, monkeypatch: pytest.MonkeyPatch, read: str
) -> None:
    """Two requests with one token are under way, as after a lost answer: the other commits while this one looks."""
    inner = getattr(world.store, read)

    def overtaken(jti: str) -> Any:
        monkeypatch.undo()
        found = inner(jti)
        world.redeem()
        return found

    monkeypatch.setattr(world.store, read, overtaken)
    assert world.redeem().consumer == "prod"
    assert [event for event, _, _ in world.noted()] == ["receipt:redeemed"]


@pytest.mark.parametrize("code", sorted(words.REASONS))
def test_each_reason_is_a_sentence(code: str) -> None:
    """For the consumer; what is not known stays a sentence, too."""
    assert render.terminal(words.refused(code, {})).startswith("The receipt ")
    assert render.terminal(words.refused("of_another_version", {})) == "The receipt does not count."


def test_s10_a_receipt_of_a_key_that_was_revoked_redeems_nothing(world: Redeeming) -> None:
    """Also where another agent has revoked it, and this one's files and memory still have it."""
    key = RevokedKey("k1", world.clock.now(), "operator:root")
    world.store.commit(Commit("c", (KeysRecord(world.store.keys().version + 1, ("k1",), (key,)),)))
    assert world.refused() == "unknown_key"
    assert world.noted() == []

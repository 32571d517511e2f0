"""Slack's rate limits, on real sockets and with a clock that the tests move: nothing is lost, all is in order."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from samples import ALICE, DEPLOYS, NEW, STATES
from world import World, messenger, populate

from builders import policy, rule
from clock import Clock
from desk_world import World as Desk
from fakes import FakeSource, request_text
from jenkins_mfa.core.model import Factor, Facts, Run, Starter, State, Trigger
from jenkins_mfa.errors import MessengerUnavailableError
from jenkins_mfa.simulators.slack import Message, SlackSimulator, plain
from jenkins_mfa.slack.pace import Pace
from jenkins_mfa.usecases import trouble
from jenkins_mfa.usecases.ports import Opened, Paused

TAP = policy(rule(factor=Factor.PUSH))


class Jobs(FakeSource):
    """One build of each of many jobs waits; a schedule has started them."""

    def __init__(self, count: int) -> None:
        super().__init__(pauses={f"ref-{n}": f"Mfa-{n:032x}" for n in range(1, count + 1)})

    def _run(self, ref: str) -> Run:
        return Run("main", "ci", f"job{ref.removeprefix('ref-')}", "1", 1, "https://ci.example.com/")

    def pending(self) -> list[Paused]:
        return [Paused(ref, nonce, self._run(ref)) for ref, nonce in self.pauses.items()]

    def facts(self, paused: Paused) -> Opened:
        run = paused.run
        number = f"{int(run.pipeline.removeprefix('job')):06}"
        text = request_text(number=number, run={"pipeline": run.pipeline, "id": run.id})
        return Opened(text, Facts(run, starters=(Starter(Trigger.SCHEDULE),)))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def slack(clock: Clock) -> Iterator[SlackSimulator]:
    with SlackSimulator(now=lambda: clock.now() / 1000) as running:
        populate(running)
        yield running


def opened(slack: SlackSimulator, clock: Clock, count: int) -> Desk:
    """Gates that wait to be told, by the real messenger."""
    talker = messenger(slack, lambda: clock.now() / 1000)
    made = Desk(clock=clock, source=Jobs(count), messenger=talker, rules=TAP)  # type: ignore[arg-type]
    made.watch.poll()
    return made


def pass_time(made: Desk, seconds: int, step: int = 1) -> None:
    """Deliver what is due, second by second."""
    for _ in range(0, seconds, step):
        made.deliver(2_000)
        made.clock.move(seconds=step)


def asks(slack: SlackSimulator) -> list[Message]:
    return [message for message in slack.messages(DEPLOYS) if not message.thread_ts]


def refusals(slack: SlackSimulator) -> int:
    return sum(call.answer.get("error") == "ratelimited" for call in slack.calls())


def undelivered(made: Desk) -> list[str]:
    return sorted(name for name in made.store.lanes if name.startswith(("tell:", "alert:")))


def test_minutes_of_429_lose_no_message_and_cost_one_call_each(slack: SlackSimulator, clock: Clock) -> None:
    """Three times Slack says: in five minutes. Nobody else asks meanwhile, and then each gate is told once."""
    made = opened(slack, clock, 40)
    slack.fail_next("chat.postMessage", "ratelimited", 3, retry_after=300)
    pass_time(made, 890)
    assert asks(slack) == []
    assert refusals(slack) == 3
    pass_time(made, 120)
    assert len(asks(slack)) == len({plain(message) for message in asks(slack)}) == 40
    assert undelivered(made) == []
    assert not [lane for lane in made.store.lanes.values() if lane.parked]


def test_a_message_that_slack_puts_off_again_and_again_is_never_given_up(
    slack: SlackSimulator, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says itself when it will take it; only what fails without a word is parked."""
    monkeypatch.setattr(trouble, "PARK_AFTER", 10)
    made = opened(slack, clock, 1)
    slack.fail_next("chat.postMessage", "ratelimited", 30, retry_after=1)
    pass_time(made, 40)
    assert len(asks(slack)) == 1
    assert undelivered(made) == []


def test_what_waits_for_one_channel_comes_in_turns_and_not_all_at_once(slack: SlackSimulator, clock: Clock) -> None:
    """One message a second is taken: forty that wait are told so a few times, and not hundreds of times."""
    made = opened(slack, clock, 40)
    slack.pace(1.0)
    pass_time(made, 100)
    assert len(asks(slack)) == 40
    assert undelivered(made) == []
    assert refusals(slack) <= 40


def test_who_comes_later_is_asked_next_and_not_after_the_crowd(slack: SlackSimulator, clock: Clock) -> None:
    """One controller floods the channel: the gate of another one does not wait for minutes behind its messages."""
    made = opened(slack, clock, 60)
    slack.pace(1.0)
    pass_time(made, 10)
    assert len(asks(slack)) <= 11
    made.source.pauses["ref-999"] = f"Mfa-{999:032x}"
    made.watch.poll()
    pass_time(made, 3)
    assert [message for message in asks(slack) if "job999" in plain(message)]


def test_a_limit_holds_for_its_own_method_and_channel_alone() -> None:
    """A busy channel keeps no other one waiting, nor do updates keep an ask."""
    seconds = [0.0]
    pace = Pace(lambda: seconds[0])
    called: list[tuple[str, str]] = []

    def post(channel: str) -> None:
        called.append(("post", channel))
        if channel == "C1" and len(called) == 1:
            raise _limited(60)

    def update(channel: str) -> None:
        called.append(("update", channel))

    waits = []
    for _ in range(3):
        with pytest.raises(MessengerUnavailableError) as caught:
            pace.call(post, channel="C1")
        waits.append(caught.value.retry_after)
    pace.call(post, channel="C2")
    pace.call(update, channel="C1")
    assert called == [("post", "C1"), ("post", "C2"), ("update", "C1")]
    assert waits == [60, 61, 62]
    seconds[0] = 60
    pace.call(post, channel="C1")
    assert called[-1] == ("post", "C1")


def test_messages_of_one_gate_stay_in_order_through_a_limit(slack: SlackSimulator, clock: Clock) -> None:
    """What came meanwhile is not told piece by piece: people see the newest state, and never an older one after it."""
    made = opened(slack, clock, 1)
    pass_time(made, 2)
    slack.fail_next("chat.update", "ratelimited", 2, retry_after=120)
    gate_id = made.gate.id
    made.tap("alice")
    pass_time(made, 3)
    assert made.gate.state is State.RESUMED
    assert plain(asks(slack)[0]).startswith("Needs confirmation")
    pass_time(made, 300)
    taken = [call.args["text"].split(":")[0] for call in slack.calls("chat.update") if call.answer["ok"]]
    assert taken == ["Approved, resumed"]
    assert made.store.told(gate_id).shown == made.gate.version


def test_an_answer_reaches_jenkins_while_slack_takes_no_message(slack: SlackSimulator, clock: Clock) -> None:
    """Lanes to Jenkins know nothing of Slack's limits."""
    made = opened(slack, clock, 30)
    slack.fail_next("chat.postMessage", "ratelimited", 99, retry_after=600)
    slack.fail_next("chat.update", "ratelimited", 99, retry_after=600)
    made.deliver(2_000)
    made.tap("alice")
    made.deliver(2_000)
    assert len(made.source.receipts) == 1
    assert asks(slack) == []
    assert made.gate.state is State.RESUMED


def test_who_taps_is_answered_while_bulk_updates_wait(world: World) -> None:
    """The private answer takes its own way: no limit of messages and no lane stands before it."""
    ts = world.post()
    world.slack.fail_next("chat.update", "ratelimited", 50, retry_after=600)
    world.slack.fail_next("chat.postMessage", "ratelimited", 50, retry_after=600)
    with pytest.raises(MessengerUnavailableError):
        world.messenger.tell(STATES["one confirmed"], NEW, 0)
    world.refuse("confirmed_before")
    seen = world.slack.press(ALICE, DEPLOYS, ts, "gate_approve").wait("ephemeral", 20)
    assert seen.text.startswith("You have confirmed this already")


def _limited(seconds: int) -> MessengerUnavailableError:
    return MessengerUnavailableError("Slack: ratelimited", seconds)

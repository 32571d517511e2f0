"""What rules ask of whom, played on real parts: teams, trials, replays, substitutes, exemptions, strangers, authors."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from command import run
from jenkins_mfa.demo import files
from jenkins_mfa.demo.auto import ALICE, BOB, CAROL, EVE, PATIENCE, Player
from jenkins_mfa.demo.world import World
from jenkins_mfa.simulators.jenkins import Build
from jenkins_mfa.simulators.jenkins_model import Checkout, Commit, replay_cause, user_cause
from jenkins_mfa.simulators.slack import Message, SlackSimulator, plain

POLICY = """\
version = 1

[[rules]]
name = "release-taps"
when = { pipeline = "teams*" }
require = [{ factor = "push", approvers = ["group:release"] }]

[[rules]]
name = "security-codes"
when = { pipeline = "teams*" }
require = [{ factor = "totp", approvers = ["group:security"] }]

[[rules]]
name = "pair"
when = { pipeline = "site" }
mode = "observe"
require = [{ factor = "totp", count = 2, approvers = ["group:release"] }]

[[rules]]
name = "site-passes"
when = { pipeline = "site" }
confirm = "none"

[[rules]]
name = "named"
when = { pipeline = ["tools", "away"] }
require = [{ factor = "push", approvers = ["alice", "carol"] }]

[[rules]]
name = "replays"
when = { pipeline = "tools", replayed = true }
require = [{ factor = "totp", approvers = ["bob"] }]

[[rules]]
name = "heavy"
when = { pipeline = "moving" }
require = [{ factor = "totp", count = 3, approvers = ["group:release"] }]

[[rules]]
name = "kept"
when = { pipeline = "moving" }
always = true
require = [{ factor = "push", approvers = ["group:release"] }]

[[exemptions]]
name = "moving-day"
rules = ["heavy", "kept"]
when = { pipeline = "moving" }
until = 2090-01-01T00:00:00Z
reason = "The new data centre."

[[rules]]
name = "four-eyes"
when = { pipeline = "authored" }
authors_may_approve = false
require = [{ factor = "push", approvers = ["group:release"] }]

[default]
require = [{ factor = "push", approvers = ["group:release"] }]
"""
BY_BOB = Commit("1" * 40, "bob.ray", "Bob.Ray@example.com", "Retry once", ("payment/retry.py",))


@pytest.fixture(scope="module")
def player() -> Iterator[Player]:
    """One world for the module, with that policy; alice is away, and eve stands in for her where she is named."""
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory(prefix="mfa-") as folder:
        patch.setattr(files, "POLICY", POLICY)
        with World(Path(folder)) as made:
            made.stop_agent()
            roster = made.directory / "roster.toml"
            away = '[people.alice]\nabsence = { until = 2090-01-01T00:00:00Z, substitute = "eve" }\n'
            roster.write_text(roster.read_text().replace("[people.alice]\n", away))
            for job in ("teams", "teams-too", "site", "tools", "away", "moving", "strange"):
                made.jenkins.job(job, deploy)
            tree = Checkout("https://git.example.com/web.git", BY_BOB.id, "origin/main", (BY_BOB,))
            made.jenkins.job("authored", deploy, checkouts=lambda _number: [tree])
            made.start_agent()
            yield Player(made)


def deploy(build: Build) -> None:
    """A pipeline that asks, and deploys."""
    build.mfa_gate(lambda: build.echo("Deployed."), environment="live", action="deploy", message="Deploy 1.4")


def asks(player: Player, build: Build) -> Message:
    """The message that asks about a build which was started by other means than `pause`."""
    build.wait_paused()
    return player.message(f"Needs confirmation: “{build.job.full_name}” #{build.number}")


def tapped(player: Player, user: str, message: Message) -> str:
    """What somebody is told in private who taps."""
    return player.tap(user, message, confirm=True).wait("ephemeral", PATIENCE).text


def typed(player: Player, user: str, message: Message) -> None:
    """Tap the button that promises a tap only, and type the code that the form asks for."""
    player.tap(user, message, confirm=True).wait("modal", PATIENCE)
    person = next(person for person, _, _, account, _ in files.PEOPLE if account == user)
    form = player.world.slack.views(user)[-1]
    assert player.world.slack.submit(user, form, {"code": player.world.code(person)}).closed


def reads(player: Player, words: str) -> None:
    """Wait until the channel says that."""

    def there(slack: SlackSimulator) -> bool:
        return any(words in plain(message) for message in slack.messages(files.CHANNEL))

    assert player.world.slack.wait_for(there, PATIENCE)


def printed(player: Player, *arguments: str) -> str:
    """What a command prints."""
    done = run(*arguments, config=player.world.config_path)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_two_teams_a_tap_first_and_then_a_code(player: Player) -> None:
    """One team's tap counts, and waits for the other's code."""
    build, message = player.pause("teams")
    assert "counts: 1 of 2" in tapped(player, ALICE, message)
    reads(player, "[Approve with code]")
    assert build.building
    assert player.code(CAROL, message, player.world.code("carol")).closed
    player.finished(build, "SUCCESS")


def test_two_teams_a_code_first_and_then_a_tap(player: Player) -> None:
    """The other way round; the receipt names each with what they gave."""
    build, message = player.pause("teams-too")
    typed(player, BOB, message)
    reads(player, "Done: 1 of security.")
    assert build.building
    player.tap(ALICE, message, confirm=True)
    player.finished(build, "SUCCESS")
    assert "Approved: bob (totp, " in build.console
    assert "alice (push, " in build.console


def test_a_rule_on_trial_asks_nobody_and_is_added_up(player: Player) -> None:
    """The gate passes by itself; the report tells what the rule would have asked, and of whom."""
    for _ in range(2):
        player.finished(player.world.jenkins.build("site", user="dev"), "SUCCESS")
    report = printed(player, "report", "observe", "--since", "1h")
    assert "pair, pipeline “site”" in report
    assert "2 of 2 gates; 2 of them asked nobody" in report
    assert "2 of release with a code" in report
    assert "Alice Wu, Bob Ray or Carol Diaz" in report


def test_a_replayed_build_is_asked_for_more(player: Player) -> None:
    """What a run needs by itself needs one more clause once somebody replays it; the message says whose run it was."""
    first, message = player.pause("tools")
    assert "with a code" not in plain(message)
    player.tap(CAROL, message, confirm=True)
    player.finished(first, "SUCCESS")
    causes = [user_cause("dev", "Dan Fox"), replay_cause(first.number)]
    again = player.world.jenkins.build("tools", causes=causes)
    message = asks(player, again)
    assert f"replayed tools #{first.number}" in plain(message)
    assert "Why: rules named and replays." in plain(message)
    assert "counts: 1 of 2" in tapped(player, CAROL, message)
    assert again.building
    proceed = player.world.proceed_as("admin", again, again.wait_paused())
    assert proceed == 200
    player.finished(again, "ABORTED")


def test_a_substitute_answers_for_whom_the_rule_names_and_nobody_for_a_group(player: Player) -> None:
    """Alice is away: eve counts where alice is named, and not where alice's group is."""
    build, message = player.pause("away")
    assert "Eve Lin stands in for Alice Wu." in plain(message)
    player.tap(EVE, message, confirm=True)
    player.finished(build, "SUCCESS")
    other, message = player.pause("strange")
    assert "you are not one" in tapped(player, EVE, message)
    player.tap(BOB, message, confirm=True)
    player.finished(other, "SUCCESS")


def test_an_exemption_takes_a_rule_away_but_none_that_always_holds(player: Player) -> None:
    """Three codes are not asked for, one tap still is; `/mfa why` names the exemption."""
    build, message = player.pause("moving")
    assert "Why: rule kept." in plain(message)
    why = printed(player, "policy", "explain", "--pipeline", "moving", "--requester", "dan")
    assert "Rule heavy matches, and asks nothing: exemption moving-day." in why
    assert "Rule kept applies." in why
    player.tap(BOB, message, confirm=True)
    player.finished(build, "SUCCESS")


def test_somebody_whom_the_roster_does_not_know_costs_one_person_more(player: Player) -> None:
    """An account that could be anybody's, even an approver's: one tap is not enough."""
    causes = [user_cause("temp", "Temp Account")]
    build = player.world.jenkins.build("strange", causes=causes)
    message = asks(player, build)
    assert "One person more, since temp is not in the roster." in plain(message)
    assert "counts: 1 of 2" in tapped(player, BOB, message)
    assert build.building
    player.tap(CAROL, message, confirm=True)
    player.finished(build, "SUCCESS")


def test_who_wrote_a_commit_does_not_approve_it_where_the_rule_says_so(player: Player) -> None:
    """Bob wrote one, and committed under another spelling of his address; carol lets it go on."""
    build, message = player.pause("authored")
    assert "you wrote a commit in this build" in tapped(player, BOB, message)
    assert build.building
    player.tap(CAROL, message, confirm=True)
    player.finished(build, "SUCCESS")

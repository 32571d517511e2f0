"""`approve`, `deny`, `retract`: answers at a terminal of the agent's host, also while Slack is down.

Who answers is the login, by the roster's `operator:local`. A code is typed without echo, never given as an argument.
"""

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click

from jenkins_mfa import log
from jenkins_mfa.cli.base import FINDING, REFUSED, STOPPED, UNREACHABLE, USAGE, Failed, config_option
from jenkins_mfa.cli.gates import beginning, print_gate
from jenkins_mfa.cli.opened import load, load_keys
from jenkins_mfa.cli.seat import login
from jenkins_mfa.config import Config
from jenkins_mfa.core.model import Gate
from jenkins_mfa.errors import Refusal, StoreUncertainError
from jenkins_mfa.roster_file import OPERATOR
from jenkins_mfa.slack import check as slack_check
from jenkins_mfa.slack.app import quiet_logger
from jenkins_mfa.slack.messenger import SlackMessenger
from jenkins_mfa.usecases import terminal
from jenkins_mfa.usecases.answer import Answers
from jenkins_mfa.usecases.desk import Desk, Who
from jenkins_mfa.usecases.ports import Store
from jenkins_mfa.wiring import messenger_of, open_desk
from jenkins_mfa.words import answers, page, render
from jenkins_mfa.words import terminal as words
from jenkins_mfa.words.parts import Parts

_AGAIN = frozenset({"code_malformed", "code_wrong", "code_used", "code_clock"})  #: another code may be typed


@dataclass(frozen=True)
class Seat:
    """Somebody at a terminal, before one gate."""

    desk: Desk
    gate: Gate
    who: Who

    @property
    def cause(self) -> str:
        """A name for one more thing that they do."""
        return f"{self.who.via}:{self.desk.randomness.hex(16)}"

    def why(self, refusal: Refusal) -> str:
        """The sentence for a refusal, by the gate as it is now."""
        desk = self.desk
        me = desk.roster.find(self.who.issuer, self.who.subject)
        gate = desk.store.gate(self.gate.id) or self.gate
        said = words.refusal(refusal.code, refusal.values, gate, desk.roster, desk.store.now(), me.id if me else "")
        return render.terminal(said)


@click.command(epilog="Example: jenkins-mfa approve 8f2c")
@config_option
@click.argument("gate_id")
def approve(config_path: Path, gate_id: str) -> None:
    """Confirm a gate with a code, at this terminal. GATE_ID is the beginning of its id, four characters at least."""
    with _seat(config_path, gate_id) as seat:
        use = Answers(seat.desk)
        asked = terminal.ask_code(seat.desk, seat.gate.jti, seat.who, seat.cause)
        print_gate(page.page(asked.gate, seat.desk.roster), asked.gate, seat.desk.store.now())
        while True:
            code = _prompt(words.CODE, hidden=True)
            try:
                counted = use.code(seat.gate.jti, asked.challenge_id, seat.who, code, seat.cause)
                break
            except Refusal as refusal:
                if refusal.code not in _AGAIN:
                    raise
                click.echo(seat.why(refusal), err=True)
        _say(answers.counted(counted.gate, seat.desk.roster, seat.desk.store.now()))


@click.command(epilog='Example: jenkins-mfa deny 8f2c --reason "1.4 is not on staging yet"')
@config_option
@click.argument("gate_id")
@click.option("--reason", default=None, help="3 to 250 characters; asked for where it is left out.")
@click.option("--report", is_flag=True, help="Something is wrong here: ops are told.")
def deny(config_path: Path, gate_id: str, reason: str | None, report: bool) -> None:
    """Deny a gate, and with it its build. That takes no code: it lets nothing pass."""
    with _seat(config_path, gate_id) as seat:
        use = Answers(seat.desk)
        gate = use.may_deny(seat.gate.jti, seat.who)
        print_gate(page.page(gate, seat.desk.roster), gate, seat.desk.store.now())
        given = " ".join((reason if reason is not None else _prompt(words.REASON)).split())
        if fault := answers.unfit(given):
            raise Failed(render.terminal(fault), USAGE, "reason")
        _say(answers.denied(use.deny(gate.jti, seat.who, given, report, seat.cause), seat.desk.roster))


@click.command(epilog="Example: jenkins-mfa retract 8f2c")
@config_option
@click.argument("gate_id")
def retract(config_path: Path, gate_id: str) -> None:
    """Take your own confirmation of a gate back, until its answer is on its way to Jenkins."""
    with _seat(config_path, gate_id) as seat:
        _say(answers.retracted(Answers(seat.desk).retract(seat.gate.jti, seat.who, seat.cause), seat.desk.roster))


@contextmanager
def _seat(config_path: Path, gate_id: str) -> Generator[Seat]:
    """Somebody before a gate; what is refused ends with its sentence."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise Failed(words.NO_TERMINAL, USAGE, "no_terminal")
    config = load(config_path)
    log.set_up("WARNING")
    messenger = messenger_of(config)
    read_groups(messenger, config)
    with open_desk(config, load_keys(config), messenger) as desk:
        seat = Seat(desk, _gate(desk.store, gate_id), Who(OPERATOR, login()))
        try:
            yield seat
        except Refusal as refusal:
            raise Failed(seat.why(refusal), REFUSED, refusal.code) from None
        except StoreUncertainError:
            raise Failed(render.terminal(answers.uncertain(code=True)), UNREACHABLE, "uncertain") from None


def _gate(store: Store, gate_id: str) -> Gate:
    found = beginning(store, gate_id)
    if isinstance(found, str):
        raise Failed(found, FINDING, "no_such_gate")
    return found


def read_groups(messenger: SlackMessenger, config: Config) -> None:
    """Members of groups that Slack keeps, as this process knows none yet; a group that it does not tell is empty."""
    if config.policy.outside:
        quiet_logger().disabled = True
        accounts, _ = slack_check.user_groups(messenger)
        messenger.rules.now = messenger.rules.joined(config.policy, config.roster, accounts)


def _prompt(text: str, *, hidden: bool = False) -> str:
    try:
        return str(click.prompt(text, prompt_suffix=": ", hide_input=hidden))
    except click.Abort:
        raise Failed(words.STOPPED, STOPPED, "stopped") from None


def _say(parts: Parts) -> None:
    click.echo(render.terminal(parts))

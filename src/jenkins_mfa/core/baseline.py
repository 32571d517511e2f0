"""Watched variables and a run's parameters against those of the last confirmed gate. Pure.

Values with names that look like secrets, and long ones, are compared by a keyed digest: `Digest` makes it of kind, name
and text. What cannot be compared is never "unchanged": it has changed, or is not known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from jenkins_mfa.core.model import Baseline, Change, Claims, Facts, Parameter, Value
from jenkins_mfa.core.policy.globs import Globs
from jenkins_mfa.core.secret_names import looks_secret

LONGEST = 200  #: characters of a text that is kept as it is, and of a name
MOST = 100  #: values of a baseline; those beyond count as changed each time

Digest = Callable[[str, str, str], str]


def environment_of(declared: Iterable[str], claims: Claims) -> str:
    """Which baseline a gate belongs to. Only where the policy declares no environment does the claimed one decide: so
    no pipeline chooses what it is compared with by what it claims.
    """
    return ", ".join(sorted(declared)) or f"claims:{claims.environment}"


def values(facts: Facts, claims: Claims, digest: Digest) -> tuple[Value, ...]:
    """What a gate has, before anything is masked: the variables that were sent and the run's parameters."""
    variables = [_value(Value(name, "variable", text), digest) for name, text in claims.variables]
    unset = [Value(name, "variable") for name in claims.unset]
    parameters = [_value(Value(one.name, "parameter", one.value), digest) for one in facts.parameters]
    return (*variables, *unset, *parameters)


def _value(found: Value, digest: Digest) -> Value:
    if found.text is None or not (looks_secret(found.name) or len(found.text) > LONGEST):
        return found
    return replace(found, text=None, digest=digest(found.kind, found.name, found.text))


def masked(facts: Facts) -> Facts:
    """The facts without the values of parameters that look like secrets: to a policy they are not known."""
    parameters = tuple(Parameter(p.name, None) if looks_secret(p.name) else p for p in facts.parameters)
    return replace(facts, parameters=parameters)


def masked_claims(claims: Claims) -> Claims:
    """The claims without the values of variables that look like secrets, which a library of ours does not send."""
    hidden = tuple(name for name, _ in claims.variables if looks_secret(name))
    kept = tuple((name, text) for name, text in claims.variables if name not in hidden)
    return replace(claims, variables=kept, hidden=hidden)


def kept(environment: str, found: Sequence[Value]) -> Baseline:
    """The bounded part of `found` that later gates are compared with."""
    return Baseline(environment, tuple(value for value in found if len(value.name) <= LONGEST)[:MOST])


def compare(
    now: Sequence[Value], before: Baseline | None, watched: Sequence[str], *, changed_at_first: bool
) -> tuple[Change, ...]:
    """Each value of `now`, and what is missing: variables that are `watched` (names and globs) or were sent before, and
    parameters that were there before.

    Without anything before, `changed_at_first` says what counts; what is watched and missing has changed even then.
    """
    earlier = {(value.kind, value.name): value for value in before.values} if before else {}
    found = []
    for value in now:
        was = earlier.get((value.kind, value.name))
        changed: bool | None = value != was if before else changed_at_first
        if value.kind == "parameter" and value.text is None and not value.digest:
            changed = None
        found.append(_change(value.name, value.kind, changed, was, value))
    return (*found, *_missing(now, before, watched))


def _missing(now: Sequence[Value], before: Baseline | None, watched: Sequence[str]) -> list[Change]:
    here = {(value.kind, value.name) for value in now}
    gone = {(v.kind, v.name): v for v in before.values if (v.kind, v.name) not in here} if before else {}
    found = [_change(name, kind, True, value, None) for (kind, name), value in gone.items()]
    for name in dict.fromkeys(watched):
        if any(character in name for character in "*?["):
            sent = any(kind == "variable" and Globs((name,)).match(one) for kind, one in here)
            missing = before is None and not sent
        else:
            missing = not {("variable", name)} & (here | gone.keys())
        if missing:
            found.append(_change(name, "variable", True, None, None))
    return found


def _change(name: str, kind: str, changed: bool | None, was: Value | None, now: Value | None) -> Change:
    return Change(
        name,
        "variable" if kind == "variable" else "parameter",
        changed,
        was.text if was else None,
        now.text if now else None,
        hidden=looks_secret(name) or changed is None,
        sent=now is not None,
    )

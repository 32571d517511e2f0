"""Policies: who must confirm a gate, with what, when, and why. A pure value, and functions that look at it."""

from __future__ import annotations

from jenkins_mfa.core.policy.evaluate import break_glass, evaluate, reasons
from jenkins_mfa.core.policy.globs import Globs
from jenkins_mfa.core.policy.people import Absence, Person, Roster
from jenkins_mfa.core.policy.predicates import Predicate
from jenkins_mfa.core.policy.rules import Assurance, Demand, Environment, Exemption, Policy, Resource, Rule
from jenkins_mfa.core.policy.tighter import tightened

__all__ = [
    "Absence",
    "Assurance",
    "Demand",
    "Environment",
    "Exemption",
    "Globs",
    "Person",
    "Policy",
    "Predicate",
    "Resource",
    "Roster",
    "Rule",
    "break_glass",
    "evaluate",
    "reasons",
    "tightened",
]

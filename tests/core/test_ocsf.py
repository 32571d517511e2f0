"""Every event in OCSF's terms: what each class needs is there, and only activities that it has are used.

The tables below are those of ocsf-schema 1.6.0 (events/iam, events/findings, events/application).
"""

from __future__ import annotations

import json

import pytest

from jenkins_mfa.core import audit, ocsf
from jenkins_mfa.core.audit import Name
from jenkins_mfa.core.chain import Head, Linked
from jenkins_mfa.core.model import Entry
from jenkins_mfa.store.trail import link

#: Required of all classes, then of each; and the activities that it has.
BASE = {"category_uid", "class_uid", "activity_id", "type_uid", "severity_id", "time", "metadata"}
CLASSES: dict[int, tuple[set[str], set[int]]] = {
    3004: ({"entity"}, set(range(14)) | {99}),
    3002: ({"user"}, set(range(8)) | {99}),
    2004: ({"finding_info"}, {0, 1, 2, 3, 99}),
    6002: ({"app"}, set(range(9)) | {99}),
}


def linked(name: Name, **details: str | int) -> Linked:
    entry = Entry(str(name), 1_764_000_000_123, "alice", "g_01.1", "main", "main:web:7:1", dict(details))
    return link(Head(0, audit.START), [entry])[0]


def test_each_event_has_its_row() -> None:
    assert set(ocsf.ROWS) == set(Name)


@pytest.mark.parametrize("name", list(Name))
def test_each_event_is_as_its_class_wants_it(name: Name) -> None:
    """Required attributes are there, at least one of those that exclude none, ids are within their enumerations."""
    one = linked(name, target="bob", reason="left")
    found = ocsf.event(one, "1.2.3")
    required, activities = CLASSES[found["class_uid"]]
    assert required | BASE <= set(found)
    assert found["category_uid"] == found["class_uid"] // 1000
    assert found["type_uid"] == found["class_uid"] * 100 + found["activity_id"]
    assert found["activity_id"] in activities
    assert found["severity_id"] in range(1, 6)
    assert found["status_id"] in (1, 2)
    assert found["metadata"]["version"] == "1.6.0"
    assert found["metadata"]["product"] == {"name": "jenkins-mfa", "version": "1.2.3"}
    assert (found["metadata"]["sequence"], found["metadata"]["uid"]) == (1, one.hash)
    assert found["time"] == 1_764_000_000_123
    if found["class_uid"] == 3002:
        assert found["service"]["name"]  # service or dst_endpoint
    if found["class_uid"] == 3004:
        assert found["entity"]["uid"]
    assert json.loads(json.dumps(found)) == found


def test_nothing_of_an_event_is_lost() -> None:
    """What OCSF has no place for is unmapped."""
    found = ocsf.event(linked(Name.GATE_DENIED, reason="no", via="slack"), "1")
    assert found["unmapped"] == {
        "actor": "alice",
        "gate": "g_01.1",
        "source": "main",
        "run": "main:web:7:1",
        "details": {"reason": "no", "via": "slack"},
    }
    assert found["entity"] == {"uid": "g_01.1", "type_id": 99, "type": "gate"}
    assert found["actor"] == {"user": {"uid": "alice", "name": "alice"}}


def test_what_an_event_is_about_is_its_entity() -> None:
    """A requester who is held, not the gate of the report; an authenticator; a key; and a sign-in's person."""
    assert ocsf.event(linked(Name.REQUESTER_HELD, target="bob"), "1")["entity"]["uid"] == "bob"
    revoked = ocsf.event(linked(Name.AUTHENTICATOR_REVOKED, person="bob", authenticator="a1"), "1")
    assert revoked["entity"] == {"uid": "a1", "type_id": 99, "type": "authenticator"}
    assert ocsf.event(linked(Name.KEY_REVOKED, kid="k2"), "1")["entity"]["uid"] == "k2"
    assert ocsf.event(linked(Name.SESSION_BEGUN), "1")["user"]["uid"] == "alice"


def test_what_must_wake_somebody_is_severe() -> None:
    """Critical, and an alert."""
    for name in (Name.GATE_BYPASSED, Name.GATE_MISSING, Name.STORE_ROLLBACK, Name.RECORD_DAMAGED):
        found = ocsf.event(linked(name), "1")
        assert (found["severity_id"], found["is_alert"]) == (5, True)

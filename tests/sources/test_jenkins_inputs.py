from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jenkins_kit import RECORDED, nonce

from jenkins_mfa.errors import JenkinsMfaError, SourceGoneError, UntrustedInputError
from jenkins_mfa.sources.jenkins import exported, inputs
from jenkins_mfa.sources.jenkins.refs import Ref, build_path, read_build_url
from jenkins_mfa.usecases.ports import Paused

Record = Callable[[str], bytes]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 2**70) | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.text(max_size=3)
            | st.sampled_from(
                ["computer", "oneOffExecutors", "currentExecutable", "actions", "_class", "executions", "id", "url"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


def listing(*executables: tuple[str, list[dict[str, Any]]]) -> bytes:
    busy = [
        {
            "currentExecutable": {
                "url": url,
                "actions": [{}, {"_class": exported.INPUT, "executions": executions}, None],
            }
        }
        for url, executions in executables
    ]
    return json.dumps({"computer": [{"oneOffExecutors": busy}]}).encode()


def waiting(input_id: str = nonce(), submitter: str | None = "mfa-agent", **more: Any) -> dict[str, Any]:
    return {"id": input_id, "settled": False, "input": {"submitter": submitter}, **more}


AGENTS = inputs.Agents("mfa-agent", frozenset({"mfa-staging"}))


def read(data: bytes) -> list[Paused]:
    return inputs.read_listing(data, "main", AGENTS, "https://ci.example.com/")


@pytest.mark.parametrize("name", ["listing.idle", "listing.four", "listing.noread", "listing.node", "listing.branches"])
def test_recorded_listings_are_read_whole_and_hold_nothing_of_ours(recorded: Record, name: str) -> None:
    """Idle executors, executors without data, actions without data and other people's inputs ask nothing of us."""
    assert read(recorded(name)) == []


def test_a_recorded_listing_with_gate_ids_gives_each_paused_input_once(recorded: Record) -> None:
    """Plain job, folder with a space, declarative directive: all in one listing."""
    data = recorded("listing.four").decode()
    ids = ["Mfa-1", "Mfa-a", "Mfa-b", "Mfa-decl"]
    for place, old in enumerate(ids):
        data = data.replace(f'"{old}"', f'"{nonce(str(place))}"')
    found = read(data.encode())
    # The second of the parallel inputs is also for somebody else, so it is not ours.
    ours = [p for p in found if p.settled_by is None]
    assert [p.run.pipeline for p in ours] == ["demo", "team one/deploy prod", "declarative"]
    assert [p.nonce for p in ours] == [nonce("0"), nonce("1"), nonce("3")]
    assert not any(p.problem for p in found)
    assert [p.nonce for p in found if p not in ours] == [nonce("2")]


def test_only_the_path_of_a_url_counts() -> None:
    """The host that Jenkins calls itself by is not the one that we talk to, nor the one that people see."""
    (paused,) = read(listing(("http://evil.example:1/ctx/job/team%20one/job/d%C3%A9ploy/17/", [waiting()])))
    assert paused.run.url == "https://ci.example.com/job/team%20one/job/d%C3%A9ploy/17/"
    assert (paused.run.source, paused.run.kind, paused.run.pipeline) == ("main", "jenkins", "team one/déploy")
    assert (paused.run.id, paused.run.attempt, paused.nonce) == ("17", 1, nonce())


@pytest.mark.parametrize("spelled", ["feature%252Fx", "feature%2Fx", "feature%2fx"])
def test_both_spellings_of_a_branch_name_are_one_job(spelled: str) -> None:
    """A branch's url decoded once too often still names the same job."""
    url = f"http://j/job/team%20one/job/mb/job/{spelled}/1/"
    assert read_build_url(url) == ("team one/mb/feature%2Fx", 1)
    assert build_path("team one/mb/feature%2Fx", 1) == "job/team%20one/job/mb/job/feature%252Fx/1/"


@pytest.mark.parametrize("url", ["http://j/job/job/job/x/3/", "http://j/job/job/job/job/job/x/3/"])
def test_folders_named_job_are_names(url: str) -> None:
    """A name equal to the marker between names does not confuse the two."""
    assert build_path(*read_build_url(url)) == url.removeprefix("http://j/")


@pytest.mark.parametrize(
    "url",
    [
        "", "http://j/", "http://j/job/x/", "http://j/job/x/0/", "http://j/job/x/99999999999/", "http://j/job/x/1.5/",
        "http://j/job/x/-1/", "http://j/job/%2E%2E/1/", "http://j/job/../1/", "http://j/x/1/", "http://j/job/%ff/1/",
        "http://j/job/x/١/", "http://[/job/x/1/",
    ],
)  # fmt: skip
def test_a_url_that_names_no_build_makes_the_whole_listing_unreadable(url: str) -> None:
    """Half a listing would look as if the rest had been settled."""
    good = ("http://j/job/a/1/", [waiting()])
    with pytest.raises(UntrustedInputError):
        read(listing(good, (url, [waiting(nonce("b"))])))


def test_a_foreign_executable_may_have_any_url() -> None:
    """What runs beside and asks nothing of us (branch indexing, for one) is none of our business."""
    data = listing(("http://j/job/mb/indexing/", []), ("http://j/job/a/1/", [waiting()]))
    assert [p.run.pipeline for p in read(data)] == ["a"]


@pytest.mark.parametrize("submitter", [None, "", "MFA-AGENT", "mfa-agent,dev", " mfa-agent", "authenticated", "dev"])
def test_an_input_whose_submitter_is_not_exactly_our_user_is_not_ours(submitter: str | None) -> None:
    """Jenkins compares without case and with groups; whatever others may settle as well is told, not answered."""
    (found,) = read(listing(("http://j/job/a/1/", [waiting(submitter=submitter)])))
    assert found.settled_by == (submitter or "")
    assert read(listing(("http://j/job/a/1/", [waiting("Release", submitter=submitter)]))) == []


def test_the_gates_of_another_installation_are_its_own() -> None:
    """Its agent's account is named in the configuration; together with somebody else it is not that agent's gate."""
    assert read(listing(("http://j/job/a/1/", [waiting(submitter="mfa-staging")]))) == []
    (found,) = read(listing(("http://j/job/a/1/", [waiting(submitter="mfa-staging,dev")])))
    assert found.settled_by == "mfa-staging,dev"


def test_an_endless_submitter_is_told_with_its_beginning() -> None:
    """Trail and messages must take it in any case."""
    (found,) = read(listing(("http://j/job/a/1/", [waiting(submitter="e" * 100_000)])))
    assert found.settled_by == "e" * inputs.LONGEST_USER


@pytest.mark.parametrize("input_id", ["Mfa-1", "mfa-" + "a" * 32, "Mfa-" + "A" * 32, "Mfa-" + "a" * 33, "a" * 32])
def test_an_id_that_the_library_did_not_make_is_not_ours(input_id: str) -> None:
    """Ids are `Mfa-` and 32 lower-case hex digits; default ids are hashes that repeat."""
    assert read(listing(("http://j/job/a/1/", [waiting(input_id)]))) == []


@pytest.mark.parametrize("input_id", ["Release", "promote-2", "R", "x" * 64])
def test_an_input_with_an_id_of_its_own_is_a_plain_one(input_id: str) -> None:
    """It waits for exactly our user, so a rule may select it; in several builds the same id is no twin."""
    found = read(listing(("http://j/job/a/1/", [waiting(input_id)]), ("http://j/job/a/2/", [waiting(input_id)])))
    assert [(p.nonce, p.plain, p.problem) for p in found] == [(input_id, True, "")] * 2


def test_two_plain_inputs_of_one_build_with_one_id_are_twins() -> None:
    """Jenkins would settle the older one, whichever was meant."""
    found = read(listing(("http://j/job/a/1/", [waiting("Release"), waiting("Release")])))
    assert [(p.nonce, p.problem) for p in found] == [("Release", "twin")]


def test_a_settled_input_does_not_wait() -> None:
    """An input that is being settled is still listed for a moment."""
    assert read(listing(("http://j/job/a/1/", [waiting() | {"settled": True}]))) == []


def test_parallel_inputs_of_one_build_are_two_pauses() -> None:
    """One action, several executions."""
    found = read(listing(("http://j/job/a/1/", [waiting(), waiting(nonce("b"))])))
    assert [p.nonce for p in found] == [nonce(), nonce("b")]
    assert len({p.ref for p in found}) == 2
    assert len({p.run for p in found}) == 1


@pytest.mark.parametrize("other", ["mfa-agent", "dev", None])
def test_twin_ids_in_one_build_are_not_to_be_answered(other: str | None) -> None:
    """Jenkins settles the oldest of them, whoever may submit the other: a harmless question for a dangerous one."""
    found = read(listing(("http://j/job/a/1/", [waiting(submitter=other), waiting()])))
    assert [p.problem for p in found] == ["twin"]


def test_an_id_copied_to_another_build_is_not_to_be_answered() -> None:
    """An id belongs to the build it was made in; which of the two that is cannot be seen."""
    found = read(listing(("http://j/job/a/1/", [waiting()]), ("http://j/job/b/1/", [waiting()])))
    assert [p.problem for p in found] == ["twin", "twin"]


def test_an_action_of_another_plugin_with_the_same_field_names_is_ignored() -> None:
    """Fields count only below the class that they belong to."""
    odd = {"_class": "org.example.Other", "executions": 7, "libraries": "x"}
    data = json.dumps({"computer": [{"oneOffExecutors": [{"currentExecutable": {"actions": [odd]}}]}]})
    assert read(data.encode()) == []


@given(JSON)
def test_any_json_is_read_or_refused(value: object) -> None:
    """Junk never raises anything but our error."""
    try:
        read(json.dumps(value).encode())
    except UntrustedInputError:
        return


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    """No JSON, no UTF-8: our error."""
    with pytest.raises(UntrustedInputError):
        read(data)


@given(st.data())
def test_a_recorded_listing_with_one_value_replaced_is_read_or_refused(data: st.DataObject) -> None:
    """Almost right is the hardest junk."""
    text = json.dumps(RECORDED["listing.four"]).replace("Mfa-1", nonce())
    spots = [spot for spot in range(len(text)) if text[spot] in ":["][:400]
    spot = data.draw(st.sampled_from(spots)) + 1
    end = min(x for x in (text.find(c, spot) for c in ",]}") if x > 0)
    junk = text[:spot] + json.dumps(data.draw(JSON)) + text[end:]
    try:
        read(junk.encode())
    except UntrustedInputError:
        return


@pytest.mark.parametrize("data", [b"[" * 100_000, b'{"computer":' + b"[" * 100_000, b'{"computer": [1e999]}'])
def test_hostile_nesting_and_numbers_are_refused(data: bytes) -> None:
    """Depth and size of a number are an attacker's, too."""
    with pytest.raises(UntrustedInputError):
        read(data)


@given(st.lists(st.text(min_size=1).filter(lambda n: "/" not in n and n not in {".", ".."}), min_size=1, max_size=4))
def test_every_job_name_survives_the_way_to_a_url_and_back(names: list[str]) -> None:
    """Spaces, unicode, percent signs, semicolons: the path names the same job."""
    try:
        job, number = "/".join(names), 7
        url = "http://j/context/path/" + build_path(job, number)
    except UnicodeEncodeError:
        return
    assert read_build_url(url) == (job, number)


@given(st.text() | JSON.map(json.dumps))
def test_a_handle_that_is_not_ours_is_refused(text: str) -> None:
    """What the store holds is read strictly, too."""
    try:
        Ref.parse(text)
    except UntrustedInputError:
        return


def test_a_handle_survives_the_way_to_text_and_back() -> None:
    """Job, build, and input id."""
    ref = Ref("team one/mb/feature%2Fx", 17, nonce())
    assert Ref.parse(ref.text) == ref
    assert ref.path == f"job/team%20one/job/mb/job/feature%252Fx/17/input/{nonce()}/"


@pytest.mark.parametrize("job", ["", "..", "a/../b", "a//b", "."])
def test_a_job_name_cannot_climb_out_of_the_path(job: str) -> None:
    """A request for `job/../…` would go somewhere else."""
    with pytest.raises(UntrustedInputError):
        build_path(job, 1)


def build_with(*executions: dict[str, Any]) -> exported.Build:
    data = {"actions": [{"_class": exported.INPUT, "executions": list(executions)}]}
    return exported.decode(json.dumps(data).encode(), exported.Build)


def asking(*parameters: tuple[str, object]) -> dict[str, Any]:
    definitions = [{"name": n, "defaultParameterValue": {"name": n, "value": v}} for n, v in parameters]
    return {"id": nonce(), "input": {"submitter": "mfa-agent", "parameters": definitions}}


RIGHT = (("MFA_REQUEST", '{\n  "v": 1, "m": "☕"\n}'), ("MFA_RECEIPT", ""))


def test_the_request_text_is_taken_exactly() -> None:
    """Its digest is over these bytes."""
    assert inputs.read_request(build_with(asking(*RIGHT)), nonce(), "mfa-agent") == RIGHT[0][1].encode()


@pytest.mark.parametrize(
    "parameters",
    [(), RIGHT[:1], RIGHT[1:], (*RIGHT, RIGHT[0]), (("MFA_REQUEST", 7), RIGHT[1]), (("MFA_REQUEST", None), RIGHT[1])],
)
def test_an_input_without_exactly_our_parameters_is_refused(parameters: tuple[tuple[str, object], ...]) -> None:
    """A proceed with a parameter that the input does not have would never be taken."""
    with pytest.raises(UntrustedInputError):
        inputs.read_request(build_with(asking(*parameters)), nonce(), "mfa-agent")


def test_another_input_at_the_place_is_not_read() -> None:
    """Places shift when an earlier input is settled between two reads."""
    other = asking(*RIGHT) | {"id": nonce("b")}
    with pytest.raises(SourceGoneError):
        inputs.read_request(build_with(other), nonce(), "mfa-agent")


def test_a_place_is_found_only_for_one_open_input_of_ours() -> None:
    """Gone, twin, and not ours are told apart."""
    assert inputs.find(build_with(waiting(nonce("b")), waiting()), nonce(), "mfa-agent") == 1
    with pytest.raises(SourceGoneError):
        inputs.find(build_with(waiting(nonce("b"))), nonce(), "mfa-agent")
    with pytest.raises(UntrustedInputError):
        inputs.find(build_with(waiting(), waiting()), nonce(), "mfa-agent")
    with pytest.raises(UntrustedInputError):
        inputs.find(build_with(waiting(submitter="dev")), nonce(), "mfa-agent")


def test_recorded_twins_are_found_out(recorded: Record) -> None:
    """Two open inputs of one build really may share an id."""
    data = recorded("twins.open").replace(b'"Gate"', f'"{nonce()}"'.encode())
    with pytest.raises(JenkinsMfaError):
        inputs.find(exported.decode(data, exported.Build), nonce(), "mfa-agent")


def test_the_listing_asks_for_ids_only_and_for_ranges() -> None:
    """A hostile build must not make the answer large: no texts, no parameters, twenty inputs, twenty libraries."""
    assert inputs.LISTING == (
        "computer[oneOffExecutors[currentExecutable[url,number,timestamp,actions[userId,executions[id,settled,"
        "input[submitter]]{0,20},libraries[name,version,trusted,variables]{0,20}]]]]"
    )
    assert inputs.request_tree(3).endswith("{3,4}]")


def known_read(data: bytes, known: inputs.Known) -> list[Paused]:
    return inputs.read_listing(data, "main", AGENTS, "https://ci.example.com/", known)


def test_what_the_last_listing_said_is_not_read_again_and_means_the_same() -> None:
    """Nearly all builds say the same at every poll; what changed is read, what is gone is forgotten."""
    known: inputs.Known = {}
    first = listing(("/job/a/1/", [waiting(nonce())]), ("/job/b/2/", [waiting("Mfa-" + "1" * 32)]))
    assert known_read(first, known) == known_read(first, known) == read(first)
    assert len(known) == 2
    settled = listing(("/job/a/1/", [waiting(nonce(), settled=True)]), ("/job/b/2/", [waiting("Mfa-" + "1" * 32)]))
    assert known_read(settled, known) == read(settled)
    assert known_read(listing(), known) == []
    assert known == {}


def test_an_id_copied_to_another_build_is_seen_although_the_first_was_known() -> None:
    """What is remembered of one build never hides what another one does."""
    known: inputs.Known = {}
    alone = listing(("/job/a/1/", [waiting(nonce())]))
    assert [paused.problem for paused in known_read(alone, known)] == [""]
    both = listing(("/job/a/1/", [waiting(nonce())]), ("/job/b/2/", [waiting(nonce())]))
    assert [paused.problem for paused in known_read(both, known)] == [inputs.TWIN] * 2
    assert [paused.problem for paused in known_read(alone, known)] == [""]


def test_a_listing_that_cannot_be_read_leaves_what_was_known() -> None:
    """Half a listing would look like settled inputs: nothing of it is kept."""
    known: inputs.Known = {}
    good = listing(("/job/a/1/", [waiting(nonce())]))
    known_read(good, known)
    with pytest.raises(UntrustedInputError):
        known_read(listing(("/nonsense", [waiting("Mfa-" + "1" * 32)])), known)
    assert len(known) == 1

"""Calendars in TOML: what is right becomes values, what is wrong is told at its line, all at once."""

from __future__ import annotations

import threading
from datetime import date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jenkins_mfa.calendar_file import read_calendars
from jenkins_mfa.core.calendars import Calendar, Freeze, Opening, look, to_ms
from jenkins_mfa.toml_problems import Problems
from jenkins_mfa.toml_table import Table, read

WHOLE = """
[calendars.office]
zone = "Europe/Berlin"
weekdays = ["mon", "tue", "wed", "thu", "fri"]
hours = ["09:00-17:00", "22:00-06:00"]
holidays = "DE-BE"
openings = ["2026-12-24 09:00-12:00", "2026-12-26 22:00-2026-12-27 02:00"]

[[calendars.office.freezes]]
name = "christmas"
start = "2026-12-21 00:00"
end = "2027-01-04 00:00"
reason = "Half the team is away."

[[calendars.office.freezes]]
name = "audit"
start = 2026-06-01T08:00:00Z
end = 2026-06-02T00:00:00
reason = "The auditors are in."
"""


def parse(path: Path, text: str) -> tuple[dict[str, Calendar], list[str]]:
    """The calendars of a file, and what is wrong with it."""
    file = path / "policy.toml"
    file.write_text(text)
    root = read(file)
    found = read_calendars(root)
    root.done()
    return found, root.problems.found


def at(text: str) -> int:
    return to_ms(datetime.fromisoformat(text))


def test_a_whole_calendar(tmp_path: Path) -> None:
    """Every key becomes a value; local times are those of the zone, an offset is taken as written."""
    found, problems = parse(tmp_path, WHOLE)
    assert problems == []
    office = found["office"]
    assert (office.name, str(office.zone), office.weekdays) == ("office", "Europe/Berlin", frozenset(range(5)))
    assert office.hours == ((540, 1020), (1320, 360))
    assert office.openings == (
        Opening(at("2026-12-24T08:00Z"), at("2026-12-24T11:00Z")),
        Opening(at("2026-12-26T21:00Z"), at("2026-12-27T01:00Z")),
    )
    assert office.freezes == (
        Freeze("christmas", at("2026-12-20T23:00Z"), at("2027-01-03T23:00Z"), "Half the team is away."),
        Freeze("audit", at("2026-06-01T08:00Z"), at("2026-06-01T22:00Z"), "The auditors are in."),
    )


def test_what_is_left_out_is_always(tmp_path: Path) -> None:
    """A calendar with a zone alone is inside on all days, all day, holidays too."""
    found, problems = parse(tmp_path, '[calendars.always]\nzone = "UTC"\n')
    assert problems == []
    assert found["always"] == Calendar("always", found["always"].zone, holidays={})
    assert parse(tmp_path, "") == ({}, [])


def test_holidays_are_those_of_the_part_of_the_country(tmp_path: Path) -> None:
    """Women's Day is a day off in Berlin only; of a country without a part, only what all have."""
    berlin, _ = parse(tmp_path, '[calendars.c]\nzone = "Europe/Berlin"\nholidays = "DE-BE"')
    germany, _ = parse(tmp_path, '[calendars.c]\nzone = "Europe/Berlin"\nholidays = "DE"')
    day, noon = date(2029, 3, 8), at("2029-03-08T12:00+01:00")
    assert day in berlin["c"].holidays
    assert day not in germany["c"].holidays
    assert look(berlin["c"], noon).values["holiday"] == "Women's Day"
    assert look(germany["c"], noon).code == "in_hours"
    assert look(germany["c"], at("2099-12-25T12:00+01:00")).code == "holiday"


def test_holidays_are_there_for_every_thread_at_once(tmp_path: Path) -> None:
    """Nothing is worked out while looking: no thread sees a year whose holidays are not in yet."""
    found, _ = parse(tmp_path, '[calendars.c]\nzone = "Europe/Berlin"\nholidays = "FR"')
    moments = [at(f"{year}-12-25T12:00+01:00") for year in range(2000, 2100)]
    codes: list[str] = []
    threads = [threading.Thread(target=lambda: codes.extend(look(found["c"], m).code for m in moments)) for _ in "1234"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert codes == ["holiday"] * 400


def test_a_local_time_that_exists_twice_is_the_earlier(tmp_path: Path) -> None:
    """Clocks in Berlin go back on 25 October 2026 at three; an offset says which one is meant."""
    text = WHOLE.replace('"2026-12-21 00:00"', '"2026-10-25 02:30"').replace("2026-06-01T08", "2026-10-25T01")
    found, problems = parse(tmp_path, text.replace("2026-06-02T00:00:00", "2026-10-26T00:00:00"))
    assert problems == []
    assert [freeze.start for freeze in found["office"].freezes] == [at("2026-10-25T00:30Z"), at("2026-10-25T01:00Z")]


def test_one_name_may_freeze_twice_at_different_times(tmp_path: Path) -> None:
    """Christmas comes every year; one freeze may begin the moment the other ends."""
    start = '"2027-01-04 00:00"\nend = "2027-01-05 00:00"'
    text = WHOLE.replace('"audit"', '"christmas"').replace("2026-06-01T08:00:00Z\nend = 2026-06-02T00:00:00", start)
    assert parse(tmp_path, text)[1] == []


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("[calendars.office]\n", '[calendars."Big Office"]\nzone = "UTC"\n[calendars.office]\n', "the name may hold"),
        ('zone = "Europe/Berlin"', "", "line 2 [calendars.office]: zone is missing; allowed: an IANA zone"),
        ("Europe/Berlin", "Europe/Berln", 'line 3 [calendars.office] zone: seen: "Europe/Berln" (text); allowed:'),
        ("Europe/Berlin", "Europe/Berln", "nearest: Europe/Berlin"),
        ("Europe/Berlin", "localtime", 'seen: "localtime"'),
        ("Europe/Berlin", "../../etc/passwd", 'seen: "../../etc/passwd"'),
        ('"wed"', '"Wednesday"', 'line 4 [calendars.office] weekdays: seen: "Wednesday" (text); allowed: mon, tue'),
        ('"wed"', '"Wednesday"', "nearest: wed"),
        ('["mon", "tue", "wed", "thu", "fri"]', "[]", "seen: [] (list); allowed: a list of mon"),
        ('["mon", "tue", "wed", "thu", "fri"]', '"mon-fri"', 'seen: "mon-fri" (text); allowed: a list of mon'),
        ("09:00-17:00", "9-17", 'line 5 [calendars.office] hours: seen: "9-17" (text); allowed: windows'),
        ("09:00-17:00", "09:00-24:01", 'seen: "09:00-24:01"'),
        ("09:00-17:00", "24:00-06:00", 'seen: "24:00-06:00"'),
        ("09:00-17:00", "09:00-09:00", '"00:00-24:00" for the whole day'),
        ("09:00-17:00", "٠٩:00-17:00", "allowed: windows such as"),
        ('["09:00-17:00", "22:00-06:00"]', "[]", "seen: [] (list); allowed: a list of windows"),
        ("DE-BE", "XY", 'line 6 [calendars.office] holidays: seen: "XY" (text) (no holidays are known there)'),
        ("DE-BE", "DE-BLN", "(no such part of DE); allowed: BB, BE, BW"),
        ("DE-BE", "SG-01", "(no such part of SG); allowed: none in SG"),
        ("DE-BE", "BV", "(no holidays are known there)"),
        ("DE-BE", "Germany", "allowed: a country such as DE, or DE-BE"),
        ("DE-BE", "", "allowed: a country such as DE, or DE-BE"),
        ("2026-12-24 09:00-12:00", "24.12.2026", 'line 7 [calendars.office] openings: seen: "24.12.2026"'),
        ("2026-12-24 09:00-12:00", "2026-02-30 09:00-12:00", 'seen: "2026-02-30 09:00-12:00"'),
        ("2026-12-24 09:00-12:00", "2026-12-24 12:00-09:00", "(ends before it begins); allowed:"),
        ("2026-12-24 09:00-12:00", "2026-12-24 12:00-12:00", "(ends before it begins); allowed:"),
        ("2026-12-24 09:00-12:00", "2026-12-24 12:00-2026-12-23 13:00", "(ends before it begins); allowed:"),
        ("2026-12-24 09:00-12:00", "2026-03-29 02:30-12:00", "02:30 does not exist in Europe/Berlin: clocks go"),
        ('["2026-12-24 09:00-12:00", "2026-12-26 22:00-2026-12-27 02:00"]', "[]", "allowed: a list of times"),
        ('"christmas"', '"Christmas!"', "line 10 [[calendars.office.freezes]] name = \"Christmas!\" name: seen:"),
        ('reason = "Half the team is away."', "", '[[calendars.office.freezes]] name = "christmas": reason is missing'),
        ('"Half the team is away."', '""', 'name = "christmas" reason: seen: "" (text); allowed: why, in 1 to 200'),
        ("Half the team", "Half\\u202e the team", "reason: it holds U+202E, which can reverse text"),
        ('"2026-12-21 00:00"', '"2026-12-21"', 'start: seen: "2026-12-21" (text); allowed: a date and time such as'),
        ('"2026-12-21 00:00"', "2026-12-21", "(date); allowed: a date and time such as"),
        ('"2026-12-21 00:00"', '"2026-12-21 24:00"', "line 11 "),
        ('"2026-12-21 00:00"', '"1999-12-21 00:00"', "allowed: a date and time such as"),
        ('start = "2026-12-21 00:00"', "", "start is missing; allowed: a date and time"),
        ('"2026-12-21 00:00"', '"2026-03-29 02:00"', "02:00 does not exist in Europe/Berlin"),
        ("2027-01-04 00:00", "2026-12-21 00:00", 'line 12 [[calendars.office.freezes]] name = "christmas" end: the'),
        ('"audit"', '"christmas"', ""),
        ("2026-06-02T00:00:00", "2026-06-01T07:59:59Z", 'name = "audit" end: the freeze ends before it begins'),
        ("reason = \"The", "reson = \"The", "line 19 [[calendars.office.freezes]] name = \"audit\" reson: this"),
        ("hours =", "hour =", "this key is not known; nearest: hours"),
        ("[calendars.office]", "calendars.home = 5\n[calendars.office]", "allowed: tables [calendars.NAME]"),
    ],
)  # fmt: skip
def test_each_mistake_is_told_with_its_mend(tmp_path: Path, old: str, new: str, told: str) -> None:
    """One mistake makes one problem."""
    assert old in WHOLE
    problems = parse(tmp_path, WHOLE.replace(old, new, 1))[1]
    assert len(problems) == bool(told), problems
    assert told in "".join(problems)


def test_freezes_of_one_name_must_not_overlap(tmp_path: Path) -> None:
    """Which of the two ends first would be anyone's guess."""
    text = WHOLE.replace('"audit"', '"christmas"').replace("2026-06-01T08:00:00Z", "2026-12-31T08:00:00Z")
    problems = parse(tmp_path, text.replace("2026-06-02T00:00:00", "2027-01-31T00:00:00"))[1]
    assert len(problems) == 1
    assert "policy.toml line 16 " in problems[0]
    assert 'two freezes "christmas" overlap; join them, or give one another name' in problems[0]


def test_an_empty_list_of_freezes_is_told(tmp_path: Path) -> None:
    """Whoever empties a list may have meant another one."""
    problems = parse(tmp_path, '[calendars.c]\nzone = "UTC"\nfreezes = []')[1]
    assert problems == [
        "policy.toml line 1 [[calendars.c.freezes]]: the list is empty; leave it out or name a freeze",
    ]


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    """Five mistakes in two calendars are five problems; the calendars are there for what refers to them."""
    text = WHOLE.replace("Europe/Berlin", "Berlin").replace('"tue"', '"die"').replace("DE-BE", "de")
    found, problems = parse(tmp_path, text.replace("2027-01", "2025-01") + '[calendars.b]\nzone = "UTC"\nhours = [""]')
    assert len(problems) == 5
    assert set(found) == {"office", "b"}


@given(
    st.dictionaries(
        st.sampled_from(["zone", "weekdays", "hours", "holidays", "openings", "freezes", "more"]),
        st.recursive(
            st.one_of(st.text(max_size=20), st.integers(), st.booleans(), st.datetimes(), st.dates(), st.floats()),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(st.sampled_from(["name", "start", "end", "reason"]), inner)
            ),
            max_leaves=6,
        ),
    )
)
def test_any_table_is_read_or_told(data: dict[str, object]) -> None:
    """No value that TOML can hold raises; without a problem there is a calendar that can be looked at."""
    problems = Problems("policy.toml")
    root = Table({"calendars": {"any": data}}, "", problems)
    found = read_calendars(root)
    assert problems.found or look(found["any"], 0)

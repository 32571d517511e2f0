"""The report as one page that needs nothing else: style and plots are in it, and nothing in it runs."""

from __future__ import annotations

from importlib import resources

from jenkins_mfa.core.policy import Roster
from jenkins_mfa.reporting import plots, plots_wait, sentences, tables
from jenkins_mfa.reporting.model import Outcome, Report
from jenkins_mfa.words.html import Content, Html, many, parts, tag
from jenkins_mfa.words.parts import duration

#: Nothing is fetched and nothing runs, whatever came into the page.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_SHIELD = (
    ("rect", {"width": 32, "height": 32, "rx": 8, "class_": "mark"}),
    ("path", {"d": "M16 5l9 3.4v7.2c0 5.6-3.7 9.9-9 11.4-5.3-1.5-9-5.8-9-11.4V8.4z", "class_": "shield"}),
    ("path", {"d": "M12 15.8l3 3 5.4-6", "class_": "tick-mark"}),
)


def page(report: Report, roster: Roster, made_at: int, version: str) -> str:
    """The whole page. `made_at` is ms UTC."""
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=POLICY),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("title", f"jenkins-mfa report, {sentences.period(report.scope)}"),
        tag("style", Html(style())),
    )
    body = tag(
        "body",
        _header(report),
        tag("main", _tiles(report), *_alarms(report, roster), *_plots(report, roster), *_tables(report, roster)),
        _footer(made_at, version),
    )
    return f"<!DOCTYPE html>\n{tag('html', head, body, lang='en')}\n"


def overview(report: Report, roster: Roster) -> Html:
    """The figures that one looks at first, and the plots: for a page that links `style` itself."""
    return many([_tiles(report), *_plots(report, roster)])


def style() -> str:
    """The style sheet."""
    return resources.files("jenkins_mfa.reporting").joinpath("report.css").read_text(encoding="utf-8")


def _header(report: Report) -> Html:
    shield = tag("svg", *(tag(name, **values) for name, values in _SHIELD), viewBox="0 0 32 32", aria_hidden="true")
    about = sentences.about(report.scope)
    return tag(
        "header",
        shield,
        tag("h1", "jenkins-mfa ", tag("span", "report")),
        tag("p", sentences.period(report.scope), class_="period"),
        tag("p", parts(about), class_="about") if about else None,
        class_="top",
    )


def _tiles(report: Report) -> Html:
    """The figures that one looks at first."""
    outcomes, gates, found = report.total.outcomes, report.total.gates, report.total.times
    approved = outcomes.get(Outcome.APPROVED, 0)
    bypassed = outcomes.get(Outcome.BYPASSED, 0)
    tiles = [
        _tile("gates", f"{gates:,}"),
        _tile("approved", f"{approved:,}", sentences.share(approved, gates)),
        _tile("median to decision", sentences.took(found), f"p95 {sentences.slowest(found)}"),
        _tile("denied", f"{outcomes.get(Outcome.DENIED, 0):,}", "by people"),
        _tile(
            "expired", f"{outcomes.get(Outcome.EXPIRED, 0):,}", sentences.share(outcomes.get(Outcome.EXPIRED, 0), gates)
        ),
        _tile("passed by the policy", f"{outcomes.get(Outcome.PASSED, 0):,}", "nobody was asked"),
        _tile("bypassed", f"{bypassed:,}", "past jenkins-mfa", "tile bad" if bypassed else "tile"),
    ]
    return tag("section", tag("h2", "In short", class_="unseen"), tag("div", *tiles, class_="tiles"))


def _tile(name: str, figure: str, beside: str = "", class_: str = "tile") -> Html:
    return tag("div", tag("strong", figure), tag("span", name), tag("small", beside or Html("&nbsp;")), class_=class_)


def _alarms(report: Report, roster: Roster) -> list[Content]:
    """What somebody has to look at, before all else."""
    found: list[Content] = []
    bypassed = tables.listed(Outcome.BYPASSED, report.notable[Outcome.BYPASSED], roster)
    if bypassed:
        found.append(tag("section", tag("h2", "Somebody went past jenkins-mfa"), bypassed, class_="card alarm"))
    if holes := tables.holes(report, roster):
        found.append(tag("section", tag("h2", "Something went past a gate"), holes, class_="card alarm"))
    glass = tables.broken(report, roster)
    if glass:
        found.append(tag("section", tag("h2", "The glass was broken"), glass, class_="card alarm"))
    if report.damaged:
        names = many(tag("li", tag("code", name)) for name in report.damaged)
        text = tag("p", "These stored records are not what the agent wrote. They are counted nowhere in this report.")
        found.append(tag("section", tag("h2", "Damaged records"), text, tag("ul", names), class_="card alarm"))
    return found


def _plots(report: Report, roster: Roster) -> list[Content]:
    if not report.total.gates:
        return [_card("Nothing to show", tag("p", "No gate opened in this time."))]
    found: list[Content] = [
        _card("Outcomes over time", plots.legend(report.total.outcomes), plots.over_time(report.days)),
    ]
    if report.total.times:
        half = f"Half of all decisions took at most {duration(report.total.times.median)}."
        found.append(_card("Time to decision", tag("p", half, class_="note"), plots_wait.waits(report.pipelines)))
    if report.week:
        note = (
            "The larger a square, the more gates asked people in that hour; its colour is the median time to decision."
        )
        found.append(
            _card(
                "When people are asked (UTC)",
                tag("p", note, class_="note"),
                plots_wait.speeds(),
                plots_wait.when(report.week),
            )
        )
    if report.people:
        found.append(_card("Who answers", plots.kinds(report.people), plots.who_answers(report.people, roster)))
    return found


def _tables(report: Report, roster: Roster) -> list[Content]:
    if not report.total.gates:
        return []
    groups = _card(
        "Figures",
        tables.by_pipeline(report),
        tables.by_environment(report),
        tables.by_factor(report),
        tables.by_person(report, roster) if report.people else None,
        tables.by_hour(report),
    )
    lists = [tables.listed(o, report.notable[o], roster) for o in sentences.LISTS if o is not Outcome.BYPASSED]
    exempted = tables.chosen("Exemptions", "exemption", report.exempted, roster, lambda one: ", ".join(one.exemptions))
    gates = [one for one in (*lists, exempted) if one]
    each = tables.audit(report.each, report, roster) if report.each is not None else None
    return [
        groups,
        _card("One by one", *gates) if gates else None,
        _card("For the auditor", each) if each else None,
    ]


def _card(title: str, *content: Content) -> Html:
    return tag("section", tag("h2", title), *content, class_="card")


def _footer(made_at: int, version: str) -> Html:
    notes = tag("ul", *(tag("li", note) for note in sentences.NOTES))
    made = tag("p", f"Made by jenkins-mfa {version} on {sentences.minute(made_at)} UTC.")
    return tag("footer", tag("h2", "What the figures mean"), notes, made)

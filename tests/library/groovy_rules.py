"""Reads the library's Groovy sources and names what a trusted library must not do (no Groovy needed).

A small reading of the language that suits this library: one class a file, methods at its first level.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

SCALARS = {"int", "long", "boolean", "String"}
REPLACEABLE = {"currentBuild", "env", "params", "steps", "libraryResource", "binding", "metaClass", "Field", "scm"}
BLOCKS = {"if", "for", "while", "switch", "catch"}
BARE_BLOCKS = {"else", "try", "finally", "do"}
KEYWORDS = BLOCKS | BARE_BLOCKS | {"return", "throw", "new", "assert", "instanceof"}
_NOISE = re.compile(
    r"/\*.*?\*/|//[^\n]*"  # comments
    r"|'(?:\\.|[^'\\\n])*'|\"(?:\\.|[^\"\\\n])*\""  # texts
    r"|(?:(?<=[=(,~] )|(?<=\())/(?:\\.|[^/\\\n])+/",  # patterns
    re.DOTALL,
)
_METHOD = re.compile(r"^\s*((?:@\w+\s+|private |static |final )*)[\w<>\[\], ]+? (\w+)\([^)]*\) \{", re.MULTILINE)


@dataclass(frozen=True)
class Method:
    """One method: its name, whether it is @NonCPS and static, its body without comments and texts."""

    of: str
    name: str
    non_cps: bool
    static: bool
    body: str


def bare(source: str) -> str:
    """The source without comments and without the content of texts and patterns."""
    text = _NOISE.sub(lambda found: " " if found[0].startswith(("/*", "//")) else "''", source)
    return re.sub(r"^import .*$", "", text, flags=re.MULTILINE)


def split(name: str, source: str) -> tuple[list[Method], list[str]]:
    """The methods of a class, and what else stands at its first level, one declaration each."""
    text = bare(source)
    text = text[text.index("{", text.index(f"class {name}")) + 1 : text.rindex("}")]
    methods, rest = [], ""
    while found := _METHOD.search(text):
        end = _closing(text, found.end() - 1)
        methods.append(Method(name, found[2], "@NonCPS" in found[1], "static" in found[1], text[found.end() : end]))
        rest += text[: found.start()]
        text = text[end + 1 :]
    return methods, [line.strip() for line in re.split(r"[\n;]", rest + text) if line.strip()]


def _closing(text: str, at: int) -> int:
    depth = 0
    for index in range(at, len(text)):
        depth += {"{": 1, "}": -1}.get(text[index], 0)
        if not depth:
            return index
    raise AssertionError("a brace is open")


def faults(sources: Mapping[str, str]) -> list[str]:
    """What is wrong with these classes (name → source), one sentence each."""
    read = {name: split(name, source) for name, source in sources.items()}
    methods = [method for found, _ in read.values() for method in found]
    kinds = {(method.of, method.name): method.non_cps for method in methods}
    found = []
    for name, source in sources.items():
        found += [f"{name}: {text}: only final scalars" for text in read[name][1] if not _final(text)]
        found += [f"{name}: {word}" for word in sorted(REPLACEABLE & set(re.findall(r"\w+", bare(source))))]
    for method in methods:
        where = f"{method.of}.{method.name}"
        if not method.static:
            found.append(f"{where}: not static")
        found += [f"{where}: {text}" for text in (*_calls(method, kinds), *_closures(method), *_locals(method))]
    return found


def _final(text: str) -> bool:
    """Whether this is a constant that no Jenkinsfile can change."""
    return re.fullmatch(r"static final (\w+) [A-Z_]+ = .*|''.*|\+.*", text) is not None and (
        not text.startswith("static") or text.split()[2] in SCALARS
    )


def _calls(method: Method, kinds: Mapping[tuple[str, str], bool]) -> Iterator[str]:
    """Names called without an owner must be the class's own; @NonCPS code calls only @NonCPS code of ours."""
    classes = {of for of, _ in kinds}
    for owner, name in re.findall(r"(?:(\b[\w\])]+)\??\.)?(?<![\w.])?\b(\w+)\(", method.body):
        made = re.search(rf"\bnew {name}\(|\.{name}\(", method.body)
        if not owner and name not in KEYWORDS and not made and (method.of, name) not in kinds:
            yield f"{name}(…) is called without an owner"
        callee = (owner, name) if owner in classes else (method.of, name)
        if method.non_cps and (not owner or owner in classes) and kinds.get(callee) is False:
            yield f"@NonCPS code calls {'.'.join(callee)}, which is not @NonCPS"


def _closures(method: Method) -> Iterable[str]:
    """Closures in @NonCPS code are CPS code that it must not call."""
    if not method.non_cps:
        return []
    return [
        "a closure in @NonCPS code"
        for index in (found.start() for found in re.finditer(r"\{", method.body))
        if not _opens_block(method.body[:index].rstrip())
    ]


def _opens_block(before: str) -> bool:
    if not before.endswith(")"):
        return re.search(r"\b(\w+)$", before) is not None and before.split()[-1] in BARE_BLOCKS
    depth = 0
    for index in range(len(before) - 1, -1, -1):
        depth += {")": 1, "(": -1}.get(before[index], 0)
        if not depth:
            word = re.search(r"(\w+)\s*$", before[:index])
            return word is not None and word[1] in BLOCKS
    return False


def _locals(method: Method) -> Iterable[str]:
    """What CPS code keeps over a step must survive a restart of the controller: scalars only."""
    if method.non_cps:
        return []
    declared = r"^\s*(?:final )?([A-Z]\w*(?:<[^>]*>)?|def|var|int|long|boolean) \w+ = "
    kept = re.findall(declared, method.body, re.MULTILINE)
    return [f"keeps a {kind} over steps" for kind in kept if kind not in SCALARS]

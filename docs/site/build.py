"""`make docs`: the docs as a site in .site/site, built strictly: every link is right, nothing comes from elsewhere.

The files are published where they stand, so that links from one to another are those of the repository.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
WORK = ROOT / ".site"
FILES = ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "LICENSE")
FOLDERS = ("docs", "deploy", "jenkinsfile-library")
#: What a browser would fetch by itself. A link that somebody follows is none.
FETCHED = re.compile(
    r"""(?:<(?:script|img|iframe)[^>]*\ssrc=|<link[^>]*\shref=|url\()["']?((?:https?:)?//[^"')\s>]+)"""
)

#: What stands within an item of a list is indented by three spaces on our pages, and by four for the site's parser,
#: which also wants a free line between it and the next item.
LISTS = re.compile(r"\n   (\S)")
ENDS = re.compile(r"(\n   \S[^\n]*)\n(\d+\. )")


def main() -> int:
    """0 where the site is whole."""
    source = WORK / "source"
    for old in (source, WORK / "site"):
        shutil.rmtree(old, ignore_errors=True)
    source.mkdir(parents=True)
    for name in FILES:
        shutil.copy(ROOT / name, source)
    for name in FOLDERS:
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("site"))
    for page in source.glob("**/*.md"):
        page.write_text(LISTS.sub(r"\n    \1", ENDS.sub(r"\1\n\n\2", page.read_text())))
    shutil.copy(Path(__file__).with_name("zensical.toml"), WORK)
    command = [Path(sys.executable).with_name("zensical"), "build", "--strict", "--clean"]
    if status := subprocess.run(command, cwd=WORK, check=False).returncode:
        return status
    pages = list(WORK.glob("site/**/*.html"))
    found = sorted({(page.name, url) for page in pages for url in FETCHED.findall(page.read_text())})
    for page, url in found:
        print(f"{page} would fetch {url}", file=sys.stderr)
    print(f"{len(pages)} pages; begin with {WORK / 'site' / 'docs' / 'index.html'}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

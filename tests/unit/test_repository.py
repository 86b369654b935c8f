"""What the repository as a whole promises."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

TOP_LEVEL = {
    "pyproject.toml", "README.md", "CHANGELOG.md", "LICENSE", "src", "tests", "docs",
    ".ci", ".gitignore",
}  # fmt: skip

PACKAGE_HOST = re.compile(
    r"index[-_]url|/sim[p]le/|find-lin[k]s|pythonhosted\.|pypi\.org|npmjs\.|registry\s*=\s*.?http"
)
MACHINE_PATH = re.compile(r"(?<![\w.\-/])/(home|root|Users|work|farm|srv|mnt)/\w|[A-Z]:\\Users\\")
MEANINGLESS = {"utils", "util", "helpers", "helper", "common", "base", "manager", "misc"}


def tracked_files() -> list[Path]:
    """Every file that git tracks and that is still there."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    names = listed.stdout.rstrip("\0").split("\0")
    return [Path(name) for name in names if (ROOT / name).is_file()]


def lines_matching(pattern: re.Pattern[str]) -> list[str]:
    """Where the tracked files match, as `file:line`."""
    return [
        f"{path}:{number}"
        for path in tracked_files()
        for number, line in enumerate(
            (ROOT / path).read_text(encoding="utf-8", errors="replace").splitlines(), start=1
        )
        if pattern.search(line)
    ]


def test_the_top_level_holds_nothing_that_does_not_belong_there() -> None:
    assert set() == {path.parts[0] for path in tracked_files()} - TOP_LEVEL


def test_no_file_names_a_package_host() -> None:
    assert [] == lines_matching(PACKAGE_HOST)


def test_no_file_names_a_path_of_somebodys_machine() -> None:
    assert [] == lines_matching(MACHINE_PATH)


@pytest.mark.parametrize(
    ("pattern", "line"),
    [
        (PACKAGE_HOST, "--index" + "-url https://packages.example"),
        (PACKAGE_HOST, "https://packages.example/simp" + "le/attrs"),
        (MACHINE_PATH, 'cd "/home' + '/somebody/paysession"'),
    ],
)
def test_the_patterns_find_what_they_are_for(pattern: re.Pattern[str], line: str) -> None:
    assert pattern.search(line)


def test_a_path_of_an_address_is_not_a_path_of_a_machine() -> None:
    assert not MACHINE_PATH.search("https://shop.example/home/thanks")


def test_every_module_has_a_name_that_says_what_it_holds() -> None:
    names = {path: path.stem.strip("_") for path in tracked_files() if path.suffix == ".py"}
    assert [] == [str(path) for path, name in names.items() if name in MEANINGLESS]


def test_the_newest_released_version_of_the_changelog_is_the_version_of_the_package() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    released = re.findall(r"^## \[(\d[^\]]*)\]", changelog, flags=re.MULTILINE)
    assert PROJECT["version"] == released[0]


def test_the_python_that_runs_this_is_one_that_the_package_claims_to_support() -> None:
    running = f"Programming Language :: Python :: {sys.version_info.major}.{sys.version_info.minor}"
    assert running in PROJECT["classifiers"]


def test_every_file_that_the_readme_points_to_is_there() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    targets = re.findall(r"\]\((?!https?:)([^)#]+)", readme)
    assert targets
    assert [] == [target for target in targets if not (ROOT / target).exists()]


def test_every_file_of_the_layout_in_the_readme_is_there() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    _, _, layout = readme.partition("```\nsrc/paysession/\n")
    named = re.findall(r"(?<![\w/])(_?[a-z_]+(?:\.py|/))(?= )", layout.partition("```")[0])
    assert len(named) > 10
    assert [] == [name for name in named if not (ROOT / "src/paysession" / name).exists()]

"""
Which lines of the flows no story comes to, undisturbed or when it is recovered at its end.

    python tests/simulation/lines_without_story.py

What is printed is to be explained. It is what only a store that fails or another writer brings
about (`test_failing_stores.py` and `test_many_threads.py` do), arguments that are refused before
anything is asked, and matches that are exhaustive.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

import coverage

HERE = Path(__file__).parent
FLOWS = HERE.parents[1] / "src" / "paysession" / "_flows"

sys.path.insert(0, str(HERE))


def main() -> None:
    """Play all stories, and print what was not reached."""
    watch = coverage.Coverage(
        branch=True, include=[f"{FLOWS}/*"], data_file=None, config_file=False
    )
    with watch.collect():
        shop, stories = import_module("shop"), import_module("stories")
        for tale in stories.TALES.values():
            place = shop.Shop(capabilities=tale.capabilities)
            shop.Process(place).play(tale.story)
            shop.recover(place)
    watch.report(show_missing=True, skip_covered=True)


if __name__ == "__main__":
    main()

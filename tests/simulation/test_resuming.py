"""Whatever moment the backend crashes at, it goes on, and its books end as if it never had."""

from __future__ import annotations

from resuming import asks_of_resumed, check_resumed, may_be_resumed
from shop import points_of
from stories import TALES

FEWEST_STORIES = 600
FEWEST_CRASHES = 150

RESUMED = [tale for tale in TALES.values() if may_be_resumed(tale)]


def test_most_stories_can_be_resumed() -> None:
    assert len(RESUMED) >= FEWEST_STORIES


def test_a_backend_that_goes_on_after_a_crash_ends_in_the_same_books() -> None:
    crashes = 0
    for number, tale in enumerate(RESUMED[::5]):
        for point in points_of(asks_of_resumed(tale))[number % 67 :: 67]:
            check_resumed(tale, point)
            crashes += 1
    assert crashes >= FEWEST_CRASHES

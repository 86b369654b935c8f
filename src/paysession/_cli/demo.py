"""Play a story on a stage, and tell after each step what has come of it."""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from paysession._cli.stage import Stage
from paysession._cli.stories import NotReached, Record, Step, Story
from paysession._domain.statement import Statement
from paysession.errors import PaySessionError
from paysession.stores import RecordedEvent


@attrs.frozen(kw_only=True)
class Told:
    """
    What came of one step.

    Attributes:
        title: The step.
        records: What it returned.
        refusal: Why it was refused or could not be done, if so.
        events: What was recorded, oldest first.
        statement: How everything stands now, if there is a session.
    """

    title: str
    records: tuple[Record, ...]
    refusal: str | None
    events: tuple[RecordedEvent, ...]
    statement: Statement | None


def play(story: Story, stage: Stage) -> Iterator[Told]:
    """Do each step when it is asked for; what is refused is told, and the story goes on."""
    for step in story.steps:
        stage.clock.advance(step.after)
        records, refusal = _tried(step, stage)
        yield Told(
            title=step.title,
            records=records,
            refusal=refusal,
            events=stage.news(),
            statement=stage.statement(),
        )


def _tried(step: Step, stage: Stage) -> tuple[tuple[Record, ...], str | None]:
    try:
        return step.act(stage), None
    except NotReached as missing:
        return (), f"left out: {missing}"
    except PaySessionError as error:
        return (), f"refused: {error.message}"

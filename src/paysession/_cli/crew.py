"""Run many simulations at once, in as many processes as there are to be."""

from __future__ import annotations

import os
import signal
from collections.abc import Generator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context, parent_process
from threading import Thread
from typing import Final

from paysession.testing._simulation.summary import Batch, Summary

_SEEDS_AT_ONCE: Final = 5
"""So few that the first violation is soon heard of, and so many that hearing costs nothing."""


def summaries(batch: Batch, *, jobs: int) -> Generator[Summary]:
    """
    Run a batch in parts, and yield what each came to, in their order.

    Whoever has heard enough may stop listening: what was not begun is left out then, and no
    process is left behind.
    """
    parts = list(batch.parts(_SEEDS_AT_ONCE))
    hands = min(jobs, len(parts))
    return (part.run() for part in parts) if hands == 1 else _shared_out(parts, hands)


def _shared_out(parts: list[Batch], hands: int) -> Generator[Summary]:
    """A fresh interpreter each: what is planted in one process is planted nowhere else."""
    crew = ProcessPoolExecutor(hands, get_context("spawn"), initializer=work_for_the_others)
    try:
        yield from crew.map(Batch.run, parts)
    finally:
        crew.shutdown(cancel_futures=True)


def work_for_the_others() -> None:
    """
    Go on when somebody presses Ctrl-C, and end with the process that waits for this one.

    Who presses Ctrl-C means the one that waits. If that is killed it can tell nobody.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_leave_with_the_others, daemon=True).start()


def _leave_with_the_others() -> None:
    parent = parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)

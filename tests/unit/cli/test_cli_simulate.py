"""`paysession simulate` runs seeds, says what came of them, and by its status whether all held."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator
from io import StringIO
from signal import SIG_IGN, SIGINT
from threading import Event
from typing import Any

import attrs
import pytest
from rich.console import Console

from paysession._cli import crew, main
from paysession._cli.simulate import command_line, usual_faults
from paysession._cli.tally import Tally
from paysession.testing import PROFILES, Fault, Result, Violation
from paysession.testing._invariants import ALL_CHECKS, NOT_OURS, code_of
from paysession.testing._plants import PLANTS
from paysession.testing._simulation.summary import MANY_SEEDS, Batch, Summary

ONE = "--seeds 1 --profile stripe --faults none --jobs 1"
BATCH = Batch(seeds=range(10), profiles=("stripe",), faults=frozenset(Fault))
RESULT = Result(
    seed=7,
    profile="stripe",
    asks=100,
    calls=10,
    crashes=1,
    events=20,
    resolved=2,
    for_person=1,
    faults=Counter({(Fault.LOST, "read_notification"): 4}),
    checks=Counter({"I1": 5}),
)
BROKEN = attrs.evolve(
    RESULT,
    violation=Violation(
        code="I7",
        sentence="a refund counts once",
        seen="it counts twice",
        also=("I8",),
        plan=(),
        story=("the shop gives something back", "it counts \x1b[31mtwice"),
    ),
)


def simulated(capsys: pytest.CaptureFixture[str], line: str) -> tuple[int, str, str]:
    status = main(["simulate", *line.split()])
    printed = capsys.readouterr()
    return status, printed.out, printed.err


def tally() -> tuple[Tally, Callable[[], str]]:
    console = Console(file=StringIO(), width=100, force_terminal=False, highlight=False)
    return Tally(console), console.file.getvalue  # type: ignore[attr-defined]


def summary_of(*results: Result) -> Summary:
    summary = Summary()
    for result in results:
        summary.add(result)
    return summary


def test_a_clean_batch_ends_with_0_and_says_what_was_done_and_checked(
    capsys: pytest.CaptureFixture[str],
) -> None:
    status, told, complaints = simulated(capsys, "--seeds 2 --first 3 --profile stripe --jobs 1")
    assert (0, "") == (status, complaints)
    assert "2 runs of seeds 3 to 4 with stripe\n" in told
    assert "violations: 0\n" in told
    for words in ("asks answered", "crashes", "events", "resolved by people", "needing a person"):
        assert re.search(rf"^   {words} +\d+$", told, re.MULTILINE), words
    for code in (*map(code_of, ALL_CHECKS), *NOT_OURS, "F2", "F23", "F47"):
        assert re.search(rf"^ {code} +[-\d.]", told, re.MULTILINE), code


def test_without_faults_no_table_of_faults_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    status, told, _ = simulated(capsys, ONE)
    assert 0 == status
    assert "Faults at" not in told


def test_all_profiles_and_all_faults_are_simulated_unless_some_are_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given: list[tuple[Batch, int]] = []

    def noted(batch: Batch, *, jobs: int) -> Generator[Summary]:
        given.append((batch, jobs))
        yield from ()

    monkeypatch.setattr("paysession._cli.simulate.summaries", noted)
    monkeypatch.setattr("os.cpu_count", lambda: 6)
    assert 0 == main(["simulate"])
    assert 0 == main(["simulate", "--faults", "F2, F19", "--jobs", "3"])
    twice = ("--profile", "adyen", "--profile", "mollie", "--profile", "adyen")
    assert 0 == main(["simulate", "--faults", "all", *twice])
    assert [
        (tuple(PROFILES), frozenset(Fault), 6),
        (tuple(PROFILES), frozenset({Fault.TIME_OUT_AFTER, Fault.TOLD_TWICE}), 3),
        (("adyen", "mollie"), frozenset(Fault), 6),
    ] == [(batch.profiles, batch.faults, jobs) for batch, jobs in given]
    assert "0 runs of seeds 0 to 99" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("--profile square", "there is no profile 'square': use one of stripe, adyen, paypal"),
        ("--faults F2,F54", "there is no fault 'F54': use F1 to F53, all, none, or list"),
        ("--faults time-out", "there is no fault 'time-out'"),
        ("--plant rose", "there is no plant 'rose': use list to see them, or one of"),
        ("--seeds 0", "--seeds"),
        ("--first -1", "--first"),
        ("--jobs 0", "--jobs"),
    ],
)
def test_what_there_is_not_is_refused_and_what_there_is_is_named(
    line: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    status, told, complaint = simulated(capsys, line)
    assert (2, "") == (status, told)
    assert words in complaint
    assert 1 == complaint.count("\n")


def test_the_planted_bugs_are_listed_with_what_they_break(
    capsys: pytest.CaptureFixture[str],
) -> None:
    status, told, _ = simulated(capsys, "--plant list")
    words = " ".join(told.split())
    assert 0 == status
    for plant in PLANTS.values():
        assert plant.name in words
        assert plant.sentence.split()[0] in words
        assert re.search(rf"^ {plant.name} .* {plant.breaks} +$", told, re.MULTILINE)


def test_the_faults_are_listed_with_where_they_reach(capsys: pytest.CaptureFixture[str]) -> None:
    status, told, _ = simulated(capsys, "--faults list")
    assert 0 == status
    for fault in Fault:
        assert re.search(rf"^ {fault} ", told, re.MULTILINE)
    assert "only sessions run out" in " ".join(told.split())


def test_a_planted_bug_that_is_caught_ends_with_1_and_says_by_what(
    capsys: pytest.CaptureFixture[str],
) -> None:
    status, told, _ = simulated(capsys, "--plant clock-of-its-own --jobs 1")
    assert 1 == status
    assert "violations: 1\n" in told
    assert "I20 broken: No instant is in the records" in told
    assert "clock-of-its-own was caught by I20, which is meant for it\n" in told
    assert "paysession simulate --seeds 1 --first 0 --profile stripe" in told
    assert "--plant clock-of-its-own\n" in told


def test_a_planted_bug_that_is_not_caught_ends_with_3_and_says_so(
    capsys: pytest.CaptureFixture[str],
) -> None:
    status, told, _ = simulated(capsys, f"{ONE} --plant time-out-taken-for-failure")
    assert 3 == status
    assert "time-out-taken-for-failure was not caught in 1 runs: it should break I26" in told


def test_a_bug_that_another_invariant_catches_is_told_as_such() -> None:
    printer, told = tally()
    printer.verdict(PLANTS["capture-counted-twice"], summary_of(BROKEN))
    assert "capture-counted-twice was caught by I7; I8 is meant for it\n" in told()


def test_a_violation_is_told_with_its_story_and_how_to_see_it_again() -> None:
    printer, told = tally()
    printer.violation(BROKEN, again="paysession simulate --seeds 1 --first 7")
    assert (
        "\n"
        "I7 and I8 broken: a refund counts once\n"
        "   the shop gives something back\n"
        "   it counts \\x1b[31mtwice\n"
        "To see it again:\n"
        "   paysession simulate --seeds 1 --first 7\n"
    ) == told()


def test_what_goes_on_for_pages_is_cut_off() -> None:
    printer, told = tally()
    assert BROKEN.violation is not None
    endless = attrs.evolve(BROKEN.violation, story=("too much " * 1000,))
    printer.violation(attrs.evolve(BROKEN, violation=endless), again="again")
    assert len(told()) < 1100
    assert "…\n" in told()


@pytest.mark.parametrize(
    ("faults", "plant", "end"),
    [
        (frozenset(Fault), None, ""),
        (frozenset[Fault](), None, " --faults none"),
        (frozenset({Fault.TOLD_TWICE, Fault.TIME_OUT_AFTER}), None, " --faults F2,F19"),
        (None, "capture-counted-twice", " --plant capture-counted-twice"),
        (
            frozenset[Fault](),
            "open-refunds-forgotten",
            " --faults none --plant open-refunds-forgotten",
        ),
        (
            frozenset(Fault),
            "open-refunds-forgotten",
            " --faults all --plant open-refunds-forgotten",
        ),
    ],
)
def test_the_line_that_makes_a_run_again_names_what_is_not_usual(
    faults: frozenset[Fault] | None, plant: str | None, end: str
) -> None:
    batch = attrs.evolve(
        BATCH, faults=usual_faults(plant) if faults is None else faults, plant=plant
    )
    start = "paysession simulate --seeds 1 --first 7 --profile stripe"
    assert start + end == command_line(RESULT, batch)


def test_after_an_interruption_it_says_what_came_of_what_was_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(batch: Batch, *, jobs: int) -> Generator[Summary]:
        yield summary_of(RESULT, RESULT)
        raise KeyboardInterrupt

    monkeypatch.setattr("paysession._cli.simulate.summaries", interrupted)
    status, told, _ = simulated(capsys, "--seeds 9 --profile stripe")
    assert 130 == status
    assert "2 runs of seeds 0 to 8 with stripe\n" in told
    assert "   crashes                     2\n" in told
    assert "interrupted after 2 of 9 runs\n" in told


def test_nothing_is_run_after_the_first_violation(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ended: list[str] = []

    def broken(batch: Batch, *, jobs: int) -> Generator[Summary]:
        try:
            yield summary_of(BROKEN)
            ended.append("went on")
        finally:
            ended.append("over")

    monkeypatch.setattr("paysession._cli.simulate.summaries", broken)
    status, told, _ = simulated(capsys, "--seeds 9 --profile stripe")
    assert (1, ["over"]) == (status, ended)
    assert "violations: 1\n" in told


def test_elsewhere_than_in_a_terminal_a_line_tells_of_each_tenth() -> None:
    printer, told = tally()
    with printer.watched(45) as seen:
        for runs in range(1, 46):
            seen(runs)
    lines = told().splitlines()
    assert 10 == len(lines)
    assert ("5 of 45 runs", "45 of 45 runs") == (lines[0], lines[-1])


def test_a_terminal_has_a_bar_that_is_gone_in_the_end() -> None:
    console = Console(file=StringIO(), width=100, force_terminal=True, highlight=False)
    with Tally(console).watched(45) as seen:
        seen(17)
    assert "17/45" in console.file.getvalue()  # type: ignore[attr-defined]


def everything(seeds: int) -> tuple[Batch, Summary]:
    batch = Batch(seeds=range(seeds), profiles=tuple(PROFILES), faults=frozenset(Fault))
    summary = Summary(
        runs=len(batch),
        faults=Counter(
            {(fault, kind): 50 for fault, among in batch.reach.items() for kind in among}
        ),
        checks=Counter({code_of(check): 100 for check in ALL_CHECKS}),
    )
    return batch, summary


def test_many_seeds_that_have_tried_everything_are_said_to_have() -> None:
    printer, told = tally()
    batch, summary = everything(MANY_SEEDS)
    printer.summary(summary, batch, seconds=1.0)
    assert "Every fault and every invariant was tried often enough.\n" in told()


def test_many_seeds_that_have_tried_something_too_rarely_say_what() -> None:
    printer, told = tally()
    batch, summary = everything(MANY_SEEDS)
    summary.checks["I36"] = 12
    printer.summary(summary, batch, seconds=1.0)
    assert (
        "Tried too rarely to prove anything:\n"
        "   I36 could have been broken 12 times, and should 100 times\n"
    ) in told()


def test_few_or_unfinished_seeds_are_not_judged_by_how_much_they_tried() -> None:
    printer, told = tally()
    batch, summary = everything(MANY_SEEDS - 1)
    printer.summary(summary, batch, seconds=1.0)
    batch, summary = everything(MANY_SEEDS)
    summary.runs -= 1
    printer.summary(summary, batch, seconds=1.0)
    assert "often enough" not in told()
    assert "too rarely" not in told()


@attrs.define
class Hands:
    """A pool of processes that are none, and whether it was closed."""

    hands: int
    context: Any
    initializer: Callable[[], None]
    ends: list[bool] = attrs.field(factory=list)

    def map(self, work: Callable[[Batch], Summary], parts: Iterable[Batch]) -> Iterator[Summary]:
        return map(work, parts)

    def shutdown(self, *, cancel_futures: bool) -> None:
        self.ends.append(cancel_futures)


def test_a_batch_is_shared_out_and_what_was_not_begun_is_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pools: list[Hands] = []

    def pool(*args: Any, **kwargs: Any) -> Hands:
        pools.append(Hands(*args, **kwargs))
        return pools[-1]

    monkeypatch.setattr(crew, "ProcessPoolExecutor", pool)
    batch = Batch(seeds=range(12), profiles=("stripe",), faults=frozenset())
    parts = crew.summaries(batch, jobs=2)
    assert 5 == next(parts).runs
    parts.close()
    (hands,) = pools
    assert (2, "spawn", [True]) == (hands.hands, hands.context.get_start_method(), hands.ends)
    assert hands.initializer is crew.work_for_the_others


def test_what_fits_in_one_part_needs_no_other_process() -> None:
    batch = Batch(seeds=range(2), profiles=("stripe",), faults=frozenset())
    assert [2] == [each.runs for each in crew.summaries(batch, jobs=8)]


def test_a_process_that_works_for_others_ends_with_them_and_not_by_ctrl_c(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ignored: list[tuple[object, ...]] = []
    waited, left = Event(), Event()

    class Parent:
        def join(self) -> None:
            waited.set()

    monkeypatch.setattr("signal.signal", lambda *given: ignored.append(given))
    monkeypatch.setattr(crew, "parent_process", Parent)
    monkeypatch.setattr("os._exit", lambda status: left.set() if status == 1 else None)
    crew.work_for_the_others()
    assert left.wait(10)
    assert waited.is_set()
    assert [(SIGINT, SIG_IGN)] == ignored

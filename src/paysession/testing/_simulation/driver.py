"""
The third driver: it runs the real flows, one ask at a time, in a world where things go wrong.

Several flows may be under way at once, each as a process of its own. At any ask a process may
die, or wait while others work, or be answered by a provider, a store or a clock that is unwell.
Everything that happens is noted in a history, and checked at once.
"""

from __future__ import annotations

import traceback
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta, timezone
from functools import partial
from random import Random
from typing import Any, Final, TypeAlias, cast

import attrs

from paysession._domain.entities import Entity
from paysession._flows.asks import Ask, Attention, Call, Commit, Due, Now, Peek, Read
from paysession._payments import flow_of
from paysession.errors import PaySessionError
from paysession.stores.port import AnyKind
from paysession.testing._invariants import check, sentence_of
from paysession.testing._invariants.history import Asked, Ended, History, InvariantBroken, Moment
from paysession.testing._invariants.state import check_I25
from paysession.testing._simulation.ailments import AILMENTS
from paysession.testing._simulation.backend import IN_MEMORY, Wiring
from paysession.testing._simulation.faults import Fault, kind_of
from paysession.testing._simulation.gateway import CARD_NUMBER, SimulatedGateway
from paysession.testing._simulation.processes import PROVIDER, Phase, Process
from paysession.testing._simulation.profiles import Profile
from paysession.testing._simulation.provider import SimulatedProvider
from paysession.testing._simulation.troubles import Spot, Trouble, suits

START: Final = datetime(2026, 3, 1, 12, 0, 0, 250_001, tzinfo=UTC)
"""When every history begins: to the microsecond, which a clock that drops them would change."""
_SKEWS: Final = (timedelta(seconds=20), timedelta(seconds=-20))
_ONLY_OWN: Final = sentence_of(check_I25)
_ZONE: Final = timezone(timedelta(hours=-9, minutes=-30))


Interruption: TypeAlias = Callable[[Process], None]


class Driver:
    """
    A world, and the processes in it.

    Attributes:
        history: What has happened so far.
        now: The virtual instant.
        provider: The provider.
        gateway: Its adapter.
        accounts: The names that the backend gives to that; the first is the one that is used.
        backend: What answers the backend's processes.
        faults: How often each fault was put in at each kind of ask.
        asks: How many asks were answered.
        crashes: How many processes died.
        events: How many events were committed.
        troubles: Faults that wait for their ask, by its kind.
        refusals: What commands may raise.
        on_two_workers: What another worker does in the middle of a command.
        on_all_at_once: What recovery and notifications do in the middle of a command.
        on_told_early: What is done when a notification comes before the answer.
    """

    def __init__(self, seed: int, profile: Profile, wiring: Wiring = IN_MEMORY) -> None:
        self.now = START
        self.accounts = wiring.accounts
        self.provider = SimulatedProvider(profile, self.clock, account=self.account)
        self.gateway = SimulatedGateway.of(self.provider)
        self._shown: datetime | None = None
        self._ids: Counter[str] = Counter()
        self.backend = wiring.opened(self.gateway, self.clock, self._new_id)
        self.history = History(
            seed=seed,
            profile=profile.name,
            truth=self.provider.truth,
            capabilities=dict.fromkeys(self.accounts, profile.capabilities),
            canaries=(CARD_NUMBER,),
        )
        self.faults: Counter[tuple[Fault, str]] = Counter()
        self.asks = self.crashes = self.events = 0
        self.troubles: defaultdict[str, list[Trouble]] = defaultdict(list)
        self.on_two_workers: Interruption = _leave_alone
        self.on_all_at_once: Interruption = _leave_alone
        self.on_told_early: Interruption = _leave_alone
        self._runs = 0
        self._depth = 0
        self.refusals: tuple[type[Exception], ...] = (PaySessionError,)
        self._copies: dict[tuple[type[Entity], str], Entity] = {}

    @property
    def account(self) -> str:
        """The name that the backend gives to the gateway."""
        return self.accounts[0]

    def clock(self) -> datetime:
        """Tell the virtual instant, or what a clock shows that is not right."""
        return self._shown or self.now

    def _new_id(self, prefix: str) -> str:
        self._ids[prefix] += 1
        return f"{prefix}_{self._ids[prefix]}"

    def wait(self, time: timedelta) -> None:
        """Let time pass; what was under way arrives meanwhile, each at its own time."""
        end = self.now + time
        for moment in (*self.gateway.arrivals(until=end), end):
            self.now = moment
            self.gateway.catch_up()

    def note_happening(self, fault: Fault) -> None:
        """Note what happened at the provider, though nobody asked for it."""
        number = len(self.history.moments) + 1
        self.history.note(
            Moment(number=number, at=self.now, process=PROVIDER, flow=PROVIDER, fault=fault)
        )
        check(self.history)

    def due(self, kinds: Sequence[AnyKind], *, limit: int) -> tuple[Entity, ...]:
        """Return what recovery finds due."""
        return self._read(Due(self.now, kinds, limit), by="recovery")

    def attention(self, *, limit: int) -> tuple[Entity, ...]:
        """Return what waits for people."""
        return self._read(Attention(limit), by="person")

    def _read(self, ask: Ask[tuple[Entity, ...]], *, by: str) -> tuple[Entity, ...]:
        """Let somebody look into the store without a command."""
        self.backend.begin(by)
        try:
            return cast("tuple[Entity, ...]", self.backend.answer(ask, by=by, command=by))
        finally:
            self.backend.judge()

    def begin(self, name: str, command: str, *args: object, **kwargs: Any) -> Process:  # noqa: ANN401
        """Give a command; nothing of it is done before its first step."""
        self._runs += 1
        self.backend.begin(name)
        return Process(
            name=name,
            flow=f"{command}#{self._runs}",
            command=command,
            args=args,
            kwargs=kwargs,
            asks=flow_of(command, *args, **kwargs),
        )

    def run(self, process: Process) -> Process:
        """Let a process go on until it has come to its end, or died."""
        while not process.is_over:
            self.step(process)
        return process

    def run_together(self, processes: Sequence[Process], dice: Random) -> None:
        """Let several processes go on in turns, as chance has it."""
        while running := [each for each in processes if not each.is_over]:
            self.step(dice.choice(running))

    def step(self, process: Process) -> None:
        """Answer what a process asks, and let it ask the next thing."""
        ask = process.ask
        if ask is None:
            self._advance(process, partial(next, process.asks))
            return
        kind = kind_of(ask)
        trouble = self._trouble_at(kind, ask, process)
        if trouble is not None and self._interrupts(trouble, process):
            return
        fault = trouble.fault if trouble else None
        answer, error = self._answered(process, ask, trouble)
        self._note(process, ask, answer, error, fault)
        if fault is not None and _dies_after(fault, ask):
            self._crash(process)
        elif error is not None:
            self._advance(process, partial(process.asks.throw, error))
        else:
            self._advance(process, partial(process.asks.send, answer))

    def _trouble_at(self, kind: str, ask: Ask[Any], process: Process) -> Trouble | None:
        """Take the first fault that has waited for this ask, if it can be put in here."""
        waiting = self.troubles.get(kind)
        if not waiting:
            return None
        for number, trouble in enumerate(waiting):
            if not suits(trouble.fault, self._spot(ask, process)):
                continue
            if trouble.skip > 0:
                waiting[number] = attrs.evolve(trouble, skip=trouble.skip - 1)
                continue
            del waiting[number]
            self.faults[trouble.fault, kind] += 1
            return trouble
        return None

    def _spot(self, ask: Ask[Any], process: Process) -> Spot:
        return Spot(
            ask=ask,
            process=process,
            provider=self.provider,
            is_alone=self._depth == 0,
            copies=self._copies,
        )

    def _interrupts(self, trouble: Trouble, process: Process) -> bool:
        """Let happen what comes before an answer; say whether the process died of it."""
        fault = trouble.fault
        if fault is Fault.CRASH_BEFORE_CALL or (
            fault is Fault.CRASH_AFTER_CALL and process.phase is Phase.CALLED
        ):
            self._note(process, None, None, None, fault)
            self._crash(process)
            return True
        if fault is Fault.TWO_WORKERS:
            self._meanwhile(self.on_two_workers, process)
        elif fault is Fault.ALL_AT_ONCE:
            self._meanwhile(self.on_all_at_once, process)
        return False

    def _meanwhile(self, others: Interruption, process: Process) -> None:
        """Let others work while a process waits."""
        self._depth += 1
        try:
            others(process)
        finally:
            self._depth -= 1

    def _answered(
        self, process: Process, ask: Ask[Any], trouble: Trouble | None
    ) -> tuple[object, Exception | None]:
        """Answer one ask as the library's own driver does, unless something is the matter."""
        self.asks += 1
        if isinstance(ask, Call | Read):
            return self._called(process, ask, trouble)
        if isinstance(ask, Now) and trouble is not None:
            self._shown = self._skewed(trouble)
        answer, error = self._given(process, ask)
        self._shown = None
        is_stale = trouble is not None and trouble.fault is Fault.STALE_READ
        return (self._out_of_old_copy(ask, answer) if is_stale else answer), error

    def _given(self, process: Process, ask: Ask[Any]) -> tuple[object, Exception | None]:
        """Let the backend answer; what it raises is for the flow, which decides what it means."""
        try:
            return self.backend.answer(ask, by=process.name, command=process.command), None
        except Exception as error:  # noqa: BLE001 - whatever it is
            return None, error

    def _called(
        self, process: Process, ask: Call[Any] | Read, trouble: Trouble | None
    ) -> tuple[object, Exception | None]:
        """Let the provider's adapter answer, as ill as it is."""
        fault = trouble.fault if trouble else None
        self.gateway.ailment = AILMENTS.get(fault) if fault else None
        if isinstance(ask, Call):
            self.history.calls.append(
                Asked(
                    request=ask.request,
                    at=self.now,
                    process=process.name,
                    tries=ask.attempt,
                    gateway=ask.gateway,
                )
            )
        answer, error = self._given(process, ask)
        self.gateway.ailment = None
        for heard in self.gateway.heard_now():
            self.faults[heard, kind_of(ask)] += 1
        if fault is not None:
            self._passes_meanwhile(fault, process)
        return answer, error

    def _passes_meanwhile(self, fault: Fault, process: Process) -> None:
        """Let happen what comes between a provider's answer and its being heard."""
        if fault is Fault.KEY_FORGOTTEN:
            self.wait(self.provider.profile.capabilities.key_window + timedelta(minutes=5))
        elif fault is Fault.OVER_WHILE_ASKING:
            self.wait(timedelta(hours=2))
        elif fault is Fault.TOLD_BEFORE_ANSWER:
            self._meanwhile(self.on_told_early, process)

    def _skewed(self, trouble: Trouble) -> datetime:
        """Return what is shown by a clock that is fast, slow or of another zone."""
        dice = Random(trouble.dice)  # noqa: S311 - to be replayed
        right = self.now
        return dice.choice((*(right + skew for skew in _SKEWS), right.astimezone(_ZONE)))

    def _out_of_old_copy(self, ask: Ask[Any], answer: object) -> object:
        match ask:
            case Peek(kind, id):
                return self._copies.get((kind, id), answer)
            case _:
                return ()

    def _note(
        self,
        process: Process,
        ask: Ask[Any] | None,
        answer: object,
        error: Exception | None,
        fault: Fault | None,
        ended: Ended | None = None,
    ) -> None:
        history, written = self.history, None
        if isinstance(ask, Commit) and error is None:
            written = ask.changes
            process.commits += 1
            self.events += len(written.events)
            process.phase = Phase.SAVED if process.phase is Phase.CALLED else process.phase
            for entity in written.entities:
                key = type(entity), entity.id
                before = history.by_kind[key[0]].get(key[1])
                if before is not None:
                    self._copies[key] = before
        elif isinstance(ask, Call):
            process.phase = Phase.CALLED
        moment = Moment(
            number=len(history.moments) + 1,
            at=self.now,
            process=process.name,
            flow=process.flow,
            ask=ask,
            answer=answer,
            error=error,
            fault=fault,
        )
        history.note(moment, written=written, ended=ended)
        self.backend.judge()
        check(history)

    def _advance(self, process: Process, on: Callable[[], Ask[Any]]) -> None:
        """Let a flow go on to its next ask, or to its end."""
        try:
            process.ask = on()
        except StopIteration as stop:
            process.result = stop.value
            self._ended(process)
        except Exception as error:  # noqa: BLE001 - what a command raises is what it came to
            process.error = error
            self._ended(process)

    def _crash(self, process: Process) -> None:
        """Let a process die where it stands."""
        self.crashes += 1
        process.crashed = True
        process.asks.close()
        self._ended(process)
        self.backend.die(process.name)

    def _ended(self, process: Process) -> None:
        process.is_over = True
        if process.error is not None and not isinstance(process.error, self.refusals):
            raise InvariantBroken("I25", _ONLY_OWN, _traced(process.error))
        kwargs = dict(process.kwargs)
        key = kwargs.pop("idempotency_key", None)
        ended = Ended(
            flow=process.flow,
            command=process.command,
            args=process.args,
            kwargs=kwargs,
            key=key,
            result=process.result,
            error=process.error,
            crashed=process.crashed,
            commits=process.commits,
        )
        self._note(process, None, process.result, process.error, None, ended)


def _dies_after(fault: Fault, ask: Ask[Any]) -> bool:
    """Whether a fault is that a process dies once this was answered."""
    if fault is Fault.CRASH_AFTER_CALL:
        return isinstance(ask, Call)
    return fault is Fault.CRASH_AFTER_SAVE


def _traced(error: Exception) -> str:
    """Return where an exception comes from."""
    lines = traceback.format_exception(error)
    return "".join(lines[-4:])


def _leave_alone(process: Process) -> None:
    """Let nobody else do anything meanwhile."""
    del process

"""The adapter of a simulated provider, which may be made to go wrong."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final, TypeAlias, TypeVar, cast

import attrs

from paysession.errors import UnreadableNotification
from paysession.gateways.notifications import Notification
from paysession.gateways.port import Gateway
from paysession.gateways.requests import (
    CancelRefundAnswer,
    CancelRefundRequest,
    CaptureAnswer,
    CaptureRequest,
    ChargeAnswer,
    ChargeRequest,
    CloseSessionAnswer,
    CloseSessionRequest,
    CompleteSessionAnswer,
    CompleteSessionRequest,
    CompleteSetupSessionAnswer,
    CompleteSetupSessionRequest,
    CreateSessionAnswer,
    CreateSessionRequest,
    CreateSetupSessionAnswer,
    CreateSetupSessionRequest,
    LookUpRequest,
    Method,
    RefundAnswer,
    RefundRequest,
    Request,
    UpdateSessionAnswer,
    UpdateSessionRequest,
    VoidAnswer,
    VoidRequest,
)
from paysession.outcomes import Report
from paysession.testing._laws.threads import Answer, came_of
from paysession.testing._simulation.faults import Fault
from paysession.testing._simulation.profiles import Profile
from paysession.testing._simulation.provider import SimulatedProvider

A = TypeVar("A")
T = TypeVar("T")
CARD_NUMBER: Final = "4242424242424242"


@attrs.frozen(eq=False)
class Exchange:
    """
    One thing that an adapter was asked.

    Attributes:
        asked: The request, or the notification that was to be read.
        came: What came of it.
    """

    asked: Request[Any] | Notification
    came: Answer[Any]


class SimulatedGateway(Gateway):
    """
    The adapter of a simulated provider.

    Attributes:
        provider: The provider.
        ailment: What goes wrong with the next call, if anything does.
        exchanges: All that was asked here, and what came of it.
        misread: Whether the newest notification could not be read, though nothing is wrong with it.
        heard: The faults that the newest notification or look-up told of for the first time.
    """

    def __init__(self, provider: SimulatedProvider) -> None:
        self.provider = provider
        self.capabilities = provider.profile.capabilities
        self.ailment: Ailment | None = None
        self.heard: tuple[Fault, ...] = ()
        self.misread = False
        self.exchanges: list[Exchange] = []
        self._late: list[tuple[datetime, Request[Any]]] = []

    @classmethod
    def of(cls, provider: SimulatedProvider) -> SimulatedGateway:
        """Return an adapter that has the methods of the provider's profile, and no others."""
        return _adapter_of(provider.profile)(provider)

    def create_session(self, request: CreateSessionRequest) -> CreateSessionAnswer:
        """Open a session."""
        return self._asked(request)

    def update_session(self, request: UpdateSessionRequest) -> UpdateSessionAnswer:
        """Change a session's amount."""
        return self._asked(request)

    def complete_session(self, request: CompleteSessionRequest) -> CompleteSessionAnswer:
        """Hold or take the money."""
        return self._asked(request)

    def close_session(self, request: CloseSessionRequest) -> CloseSessionAnswer:
        """Close a session for good."""
        return self._asked(request)

    def charge(self, request: ChargeRequest) -> ChargeAnswer:
        """Hold or take money from a stored source."""
        return self._asked(request)

    def capture(self, request: CaptureRequest) -> CaptureAnswer:
        """Take what is held."""
        return self._asked(request)

    def void(self, request: VoidRequest) -> VoidAnswer:
        """Release what is held."""
        return self._asked(request)

    def refund(self, request: RefundRequest) -> RefundAnswer:
        """Give back what was taken."""
        return self._asked(request)

    def cancel_refund(self, request: CancelRefundRequest) -> CancelRefundAnswer:
        """Call a refund off."""
        return self._asked(request)

    def create_setup_session(self, request: CreateSetupSessionRequest) -> CreateSetupSessionAnswer:
        """Open a session that stores a source."""
        return self._asked(request)

    def complete_setup_session(
        self, request: CompleteSetupSessionRequest
    ) -> CompleteSetupSessionAnswer:
        """Store the source."""
        return self._asked(request)

    def look_up(self, request: LookUpRequest) -> tuple[Report, ...]:
        """Report all that the provider knows of one operation."""
        return self._asked(request)  # type: ignore[arg-type]  # an adapter raises or reports

    def read_notification(self, notification: Notification) -> tuple[Report, ...]:
        """Verify a notification, and read the letters in it."""
        return self._told(notification, lambda: self._read(notification))

    def _read(self, notification: Notification) -> tuple[Report, ...]:
        books = self.provider.books
        letters = books.post.read(notification, at=books.now())
        told = [each.blamed() for each in letters]
        self.heard = tuple(fault for fault in told if fault is not None)
        self.misread = self.ailment is not None
        if self.misread:
            raise UnreadableNotification(f"card {CARD_NUMBER} makes no sense")
        return tuple(report for letter in letters for report in letter.reports)

    def arrivals(self, *, until: datetime) -> tuple[datetime, ...]:
        """Return when what is under way arrives."""
        now = self.provider.books.now()
        return tuple(sorted(max(at, now) for at, _ in self._late if at <= until))

    def catch_up(self) -> None:
        """Let what came too late for its caller happen now, if its time has come."""
        due = [request for at, request in self._late if at <= self.provider.books.now()]
        self._late = [each for each in self._late if each[1] not in due]
        for request in due:
            self.perform(request)

    def heard_now(self) -> tuple[Fault, ...]:
        """Return, once, the faults that the newest answer told of."""
        heard, self.heard = self.heard, ()
        return heard

    def later(self, request: Request[Any], after: timedelta) -> None:
        """Let a request arrive some time from now."""
        self._late.append((self.provider.books.now() + after, request))

    def perform(self, request: Request[Any]) -> Any:  # noqa: ANN401 - of the request's own type
        """Let the provider do what it is asked, and return what it answers."""
        if isinstance(request, LookUpRequest):
            reports = self.provider.look_up(request)
            self.heard = self.provider.books.blamed(each.fact for each in reports)
            return reports
        return self.provider.answer(request)

    def _asked(self, request: Request[A]) -> A:
        answer = self.ailment or SimulatedGateway.perform
        return self._told(request, lambda: cast("A", answer(self, request)))

    def _told(self, asked: Request[Any] | Notification, answer: Callable[[], T]) -> T:
        """Answer, and note what was asked and what came of it."""
        came = came_of(answer)
        self.exchanges.append(Exchange(asked, came))
        return came.given()


Ailment: TypeAlias = Callable[[SimulatedGateway, Request[Any]], Any]
"""What a call comes to instead of what it should."""
_Adapter: TypeAlias = type[SimulatedGateway]
_ADAPTERS: dict[frozenset[Method], _Adapter] = {}


def _adapter_of(profile: Profile) -> _Adapter:
    """Return the class of adapters that have all methods but those which a profile lacks."""
    if profile.lacks not in _ADAPTERS:
        missing: dict[str, Any] = {method: getattr(Gateway, method) for method in profile.lacks}
        name = f"{profile.name.capitalize()}Gateway"
        _ADAPTERS[profile.lacks] = cast("_Adapter", type(name, (SimulatedGateway,), missing))
    return _ADAPTERS[profile.lacks]

"""
The port to a payment provider.

An adapter subclasses `Gateway` or `AsyncGateway` and overrides what its provider can do.
Which operations exist follows from the overridden methods and from nothing else; the rest
are refused before anything is written. `capabilities` says how.

An adapter raises or returns, and what it returns is of exactly the classes that its method
names: it never guesses. If it is not known whether money moved, it
answers `Unknown`, or lets its client's exception pass, which means the same. Only
`GatewayUnreachable` says that the request certainly did not arrive.
"""

from __future__ import annotations

from typing import NoReturn, get_args

from paysession.errors import Unsupported
from paysession.gateways.capabilities import Capabilities
from paysession.gateways.notifications import Notification
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

METHODS: tuple[Method, ...] = get_args(Method)


def _refuse(gateway: object, asked: Request[object] | Notification) -> NoReturn:
    operation = "read_notification" if isinstance(asked, Notification) else asked.method
    raise Unsupported(type(gateway).__name__, operation)


class Gateway:
    """
    One merchant account at one provider, called synchronously.

    What every method must do is told by the laws of `paysession.testing.GatewayConformance`: of
    repeats (IDEM), of what nobody knows (UNK), of declines (DECL) and amounts (AMT), of what is
    declared (CAPY), of secrets (SEC), time (TIME) and answers (TOT), in any order (ANY). The laws
    of one method are named in its contract.
    """

    capabilities: Capabilities = Capabilities()

    def create_session(self, request: CreateSessionRequest) -> CreateSessionAnswer:
        """
        Open a session. Answer its id as the reference of role `session` (SES-1, SES-6, SES-13,
        SIDE-4).

        The customer need not have said what to pay with, if `collects_source` is declared
        (SES-10). What is opened with a source may be paid at once, where there is no other
        way; without one, opening moves nothing.
        """
        _refuse(self, request)

    def update_session(self, request: UpdateSessionRequest) -> UpdateSessionAnswer:
        """Change the session's amount. `Accepted` means that the new one counts (SES-2)."""
        _refuse(self, request)

    def complete_session(self, request: CompleteSessionRequest) -> CompleteSessionAnswer:
        """
        Hold or take the money. Believe the provider, never the browser.

        `Authorized` means that it is held until we capture; if it was to be taken at once, we
        do so at once. Where the provider takes it by itself later, answer `Pending` until it
        has; while the customer has still to act, `ActionRequired`: a session whose provider is at
        work never expires. With `terms.save_source`, tell what was stored as the answer's
        `profile` (SES-5, SES-8, SES-9, SES-12, AUTH-1 to AUTH-4). Another process may complete
        what one has opened (SIDE-1).
        """
        _refuse(self, request)

    def close_session(self, request: CloseSessionRequest) -> CloseSessionAnswer:
        """
        Close the session for good; if it was paid, answer that instead.

        What is not certain to be closed is not said to be (SES-3, SES-4, SES-7, SES-11,
        SIDE-5).
        """
        _refuse(self, request)

    def charge(self, request: ChargeRequest) -> ChargeAnswer:
        """Hold or take money from a stored source (CHG-1 to CHG-3, AUTH-1 to AUTH-4)."""
        _refuse(self, request)

    def capture(self, request: CaptureRequest) -> CaptureAnswer:
        """
        Take all or part of an authorized payment (CAP-1 to CAP-8, SIDE-2).

        The references are all that is needed (AUTH-3). Called again with the same
        `request.key`, answer as the first time and take nothing more (IDEM-1). If it is not
        known whether the money moved, answer `Unknown`; never guess `Declined` (UNK-1). The
        answer's amount is the provider's, not an echo (AMT-5).

        Raises:
            GatewayUnreachable: The request certainly did not arrive.
        """
        _refuse(self, request)

    def void(self, request: VoidRequest) -> VoidAnswer:
        """
        Release what is held. Same rules as `capture` (VOID-1 to VOID-7).

        Where the provider has let go of it already, that is `Voided`, and no refusal: a hold
        that nobody can take or release would be waited for without end.
        """
        _refuse(self, request)

    def refund(self, request: RefundRequest) -> RefundAnswer:
        """
        Give money back. Same rules as `capture`; accepted for later is `Pending`.

        What is pending counts as given back until it fails (REF-1 to REF-7, REF-10,
        SIDE-3).
        """
        _refuse(self, request)

    def cancel_refund(self, request: CancelRefundRequest) -> CancelRefundAnswer:
        """Call a refund off that is still pending (REF-8, REF-9, SIDE-6)."""
        _refuse(self, request)

    def create_setup_session(self, request: CreateSetupSessionRequest) -> CreateSetupSessionAnswer:
        """Open a session that stores a source; its id is the reference `session` (SET-1)."""
        _refuse(self, request)

    def complete_setup_session(
        self, request: CompleteSetupSessionRequest
    ) -> CompleteSetupSessionAnswer:
        """Store the source; answer `Stored` with its profile once it is (SET-2 to SET-6)."""
        _refuse(self, request)

    def look_up(self, request: LookUpRequest) -> tuple[Report, ...]:
        """
        Report all the provider knows of one operation; nothing known is `()`.

        Each report carries `request.operation_id` as `our_reference`: one that does not
        proves nothing. The same money carries the same ids in every answer and report. A
        look-up that nobody answers is not answered by `()` (LOOK-1 to LOOK-10).
        """
        _refuse(self, request)

    def read_notification(self, notification: Notification) -> tuple[Report, ...]:
        """
        Report what a notification tells, after its raw bytes were verified.

        Nothing but the signature is read before that holds, and what it does not cover is no
        fact. Each report echoes our operation's id as `our_reference` where the provider sends
        it back, and names the provider's ids. `Unknown` says only that something may have
        happened: it is looked up then. What cannot be told becomes no report (NOTE-1 to
        NOTE-19).

        Raises:
            InvalidSignature: It is not what the provider signed, or nobody can tell; nothing
                more is said.
            UnreadableNotification: It is, and cannot be read: it is kept for a person.
        """
        _refuse(self, notification)


class AsyncGateway:
    """One merchant account at one provider, called from an event loop. As `Gateway`."""

    capabilities: Capabilities = Capabilities()

    async def create_session(self, request: CreateSessionRequest) -> CreateSessionAnswer:
        """
        Open a session. Answer its id as the reference of role `session` (SES-1, SES-6, SES-13,
        SIDE-4).

        The customer need not have said what to pay with, if `collects_source` is declared
        (SES-10). What is opened with a source may be paid at once, where there is no other
        way; without one, opening moves nothing.
        """
        _refuse(self, request)

    async def update_session(self, request: UpdateSessionRequest) -> UpdateSessionAnswer:
        """Change the session's amount. `Accepted` means that the new one counts (SES-2)."""
        _refuse(self, request)

    async def complete_session(self, request: CompleteSessionRequest) -> CompleteSessionAnswer:
        """
        Hold or take the money. Believe the provider, never the browser.

        `Authorized` means that it is held until we capture; if it was to be taken at once, we
        do so at once. Where the provider takes it by itself later, answer `Pending` until it
        has; while the customer has still to act, `ActionRequired`: a session whose provider is at
        work never expires. With `terms.save_source`, tell what was stored as the answer's
        `profile` (SES-5, SES-8, SES-9, SES-12, AUTH-1 to AUTH-4). Another process may complete
        what one has opened (SIDE-1).
        """
        _refuse(self, request)

    async def close_session(self, request: CloseSessionRequest) -> CloseSessionAnswer:
        """
        Close the session for good; if it was paid, answer that instead.

        What is not certain to be closed is not said to be (SES-3, SES-4, SES-7, SES-11,
        SIDE-5).
        """
        _refuse(self, request)

    async def charge(self, request: ChargeRequest) -> ChargeAnswer:
        """Hold or take money from a stored source (CHG-1 to CHG-3, AUTH-1 to AUTH-4)."""
        _refuse(self, request)

    async def capture(self, request: CaptureRequest) -> CaptureAnswer:
        """
        Take all or part of an authorized payment (CAP-1 to CAP-8, SIDE-2).

        The references are all that is needed (AUTH-3). Called again with the same
        `request.key`, answer as the first time and take nothing more (IDEM-1). If it is not
        known whether the money moved, answer `Unknown`; never guess `Declined` (UNK-1). The
        answer's amount is the provider's, not an echo (AMT-5).

        Raises:
            GatewayUnreachable: The request certainly did not arrive.
        """
        _refuse(self, request)

    async def void(self, request: VoidRequest) -> VoidAnswer:
        """
        Release what is held. Same rules as `capture` (VOID-1 to VOID-7).

        Where the provider has let go of it already, that is `Voided`, and no refusal: a hold
        that nobody can take or release would be waited for without end.
        """
        _refuse(self, request)

    async def refund(self, request: RefundRequest) -> RefundAnswer:
        """
        Give money back. Same rules as `capture`; accepted for later is `Pending`.

        What is pending counts as given back until it fails (REF-1 to REF-7, REF-10,
        SIDE-3).
        """
        _refuse(self, request)

    async def cancel_refund(self, request: CancelRefundRequest) -> CancelRefundAnswer:
        """Call a refund off that is still pending (REF-8, REF-9, SIDE-6)."""
        _refuse(self, request)

    async def create_setup_session(
        self, request: CreateSetupSessionRequest
    ) -> CreateSetupSessionAnswer:
        """Open a session that stores a source; its id is the reference `session` (SET-1)."""
        _refuse(self, request)

    async def complete_setup_session(
        self, request: CompleteSetupSessionRequest
    ) -> CompleteSetupSessionAnswer:
        """Store the source; answer `Stored` with its profile once it is (SET-2 to SET-6)."""
        _refuse(self, request)

    async def look_up(self, request: LookUpRequest) -> tuple[Report, ...]:
        """
        Report all the provider knows of one operation; nothing known is `()`.

        Each report carries `request.operation_id` as `our_reference`: one that does not
        proves nothing. The same money carries the same ids in every answer and report. A
        look-up that nobody answers is not answered by `()` (LOOK-1 to LOOK-10).
        """
        _refuse(self, request)

    async def read_notification(self, notification: Notification) -> tuple[Report, ...]:
        """
        Report what a notification tells, after its raw bytes were verified.

        Nothing but the signature is read before that holds, and what it does not cover is no
        fact. Each report echoes our operation's id as `our_reference` where the provider sends
        it back, and names the provider's ids. `Unknown` says only that something may have
        happened: it is looked up then. What cannot be told becomes no report (NOTE-1 to
        NOTE-19).

        Raises:
            InvalidSignature: It is not what the provider signed, or nobody can tell; nothing
                more is said.
            UnreadableNotification: It is, and cannot be read: it is kept for a person.
        """
        _refuse(self, notification)


def operations_of(gateway: Gateway | AsyncGateway) -> frozenset[Method]:
    """Return the methods that an adapter overrides: what it can do."""
    port = AsyncGateway if isinstance(gateway, AsyncGateway) else Gateway
    adapter = type(gateway)
    return frozenset(name for name in METHODS if getattr(adapter, name) is not getattr(port, name))

"""The facade: every command once, with its whole signature, for both worlds."""

# ruff: noqa: ARG002 - a command's `idempotency_key` is for `command`, which wraps its flow

from __future__ import annotations

import inspect
import secrets
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial, wraps
from types import MappingProxyType
from typing import Any, Concatenate, Final, Generic, ParamSpec, TypeVar, overload

from paysession._domain.decisions import Decision
from paysession._domain.disputes import Dispute
from paysession._domain.erasure import Forgotten
from paysession._domain.idempotency import IdempotencyKey
from paysession._domain.identity import ID_LENGTH, id_of
from paysession._domain.limits import safe_text
from paysession._domain.methods import CapturePolicy, PaymentMethod
from paysession._domain.movements import Capture, Refund, RefundReason, Void
from paysession._domain.payable import Payable, PayableAccount
from paysession._domain.payment import Payment
from paysession._domain.secrets import Veiled
from paysession._domain.session import PaymentSession
from paysession._domain.setup_session import SetupSession
from paysession._domain.sources import MandateUse, Source
from paysession._domain.statement import Statement
from paysession._drivers import Gateways, Observer, Ports, adrive, drive
from paysession._flows import (
    accounts,
    closing,
    forgetting,
    marking,
    movements,
    notifications,
    reading,
    recovery,
    resolving,
    sessions,
    setups,
)
from paysession._flows import payments as flows
from paysession._flows.asks import Flow
from paysession._flows.notifications import Received
from paysession._flows.once import Answer, once, result_of
from paysession._flows.requests import AnyOperation
from paysession._flows.resolving import Resolvable
from paysession._money import Money
from paysession.gateways.port import AsyncGateway, Gateway, operations_of
from paysession.stores.memory import AsyncInMemoryStore, InMemoryStore
from paysession.stores.port import AsyncStore, Store

P = ParamSpec("P")
R = TypeVar("R")


def _takes_key(flow: Callable[..., Any]) -> bool:
    key = inspect.signature(flow).parameters.get("idempotency_key")
    return key is not None and key.kind is key.KEYWORD_ONLY


def _keyed(
    flow: Callable[Concatenate[Any, P], Flow[R]],
) -> Callable[Concatenate[Any, P], Flow[R]]:
    """Let a command take place once for a key; without one it is what it was."""
    signature = inspect.signature(flow)

    @wraps(flow)
    def keyed(payments: object, /, *args: P.args, **kwargs: P.kwargs) -> Flow[R]:
        if kwargs.get("idempotency_key") is None:
            return flow(payments, *args, **kwargs)
        given = signature.bind(payments, *args, **kwargs)
        given.apply_defaults()
        _, *named = given.arguments.items()
        arguments = dict(named)
        key = arguments.pop("idempotency_key")
        return once(flow.__name__, key, arguments, flow(payments, *args, **kwargs))

    return keyed


class command(Generic[P, R]):  # noqa: N801 - it reads as a decorator
    """
    A use case, written once as a method that returns its flow.

    On `Payments` it runs the flow and returns what that returns; on `AsyncPayments` it
    returns an awaitable of the same. `help()`, IDEs and `inspect` see each facade's own
    signature.

    One that takes an `idempotency_key` takes place once for it, whatever its body does: the
    key goes no further than here.
    """

    def __init__(self, flow: Callable[Concatenate[Any, P], Flow[R]]) -> None:
        self.takes_key: bool = _takes_key(flow)
        self._flow = _keyed(flow) if self.takes_key else flow
        self.__doc__ = flow.__doc__
        self._offers: dict[Callable[..., Any], Any] = {}

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, instance: None, owner: type) -> Callable[Concatenate[Any, P], Any]: ...
    @overload
    def __get__(self, instance: Payments, owner: type) -> Callable[P, R]: ...
    @overload
    def __get__(
        self, instance: AsyncPayments, owner: type
    ) -> Callable[P, Coroutine[Any, Any, R]]: ...
    def __get__(self, instance: Any, owner: type[Any]) -> Any:
        """Return the command as the facade offers it."""
        offer: Callable[..., Any] = _in_turn if issubclass(owner, Payments) else _awaited
        if offer not in self._offers:
            self._offers[offer] = offer(self._flow)
        return self._offers[offer].__get__(instance, owner)

    def asked(self, args: tuple[object, ...], kwargs: dict[str, object]) -> Flow[R]:
        """Return the flow of one use of the command, not begun, for a driver of one's own."""
        return _begun(self._flow, None, args, kwargs)


class Commands:
    """
    Everything that can be asked of paysession.

    What changes something takes an `idempotency_key`, but for what is run again and again
    (`recover`, `expire_sessions`, `expire_setup_sessions`, `forget`): a name of yours for this
    one command, 1 to 255 characters (an `IdempotencyKey`, if your callers are to have a scope
    each). A longer one is `LimitExceeded`, what is no key `UnsafeInput`.
    Asked again with the same key and the same arguments, by whatever process, nothing
    happens a second time: the record comes back as it was when it was settled, a decline as
    well as a success. While that is not known (the provider is working on it, or its answer
    was lost) `IdempotencyKeyInFlight` says so; `recover` finds out. A refusal uses no key
    up, nor does a provider that could not be reached. A key is kept for 24 hours from when
    its command was settled, and belongs to one command of one tenant.
    """

    @command
    def create_session(
        self,
        payable: Payable,
        *,
        method: PaymentMethod,
        amount: Money | None = None,
        source: Source | None = None,
        capture: CapturePolicy | None = None,
        hosted: bool = False,
        save_source: bool = False,
        customer_external_id: str | None = None,
        return_url: str | None = None,
        cancel_url: str | None = None,
        expires_at: datetime | None = None,
        metadata: Mapping[str, str] | None = None,
        external_data: Mapping[str, object] | None = None,
        idempotency_key: IdempotencyKey | str | None = None,
    ) -> Flow[PaymentSession]:
        """
        Open a session for a customer to pay one payable by one method.

        A time-out leaves the session pending: `complete_session` and `recover` find out.

        Args:
            payable: What is being paid.
            method: How. A copy is kept with the session.
            amount: All that is due of the payable if left out; more than zero.
            source: What the customer pays with, if that is known already.
            capture: When held money is taken, if not as the method says.
            hosted: Whether the provider's own page collects the payment.
            save_source: Whether to keep the source for later use; the session's `source`
                is then the one to `charge`.
            customer_external_id: The provider's id of the customer, if you know it.
            return_url: Where the provider sends the browser afterwards: absolute https.
            cancel_url: Where it sends a customer who gives up: absolute https.
            expires_at: When the session's time is over; an aware instant to come.
            metadata: At most 50 notes of your own, sent along; keys of at most 40
                characters, values of at most 500.
            external_data: What the provider's adapter wants to know besides. It is kept
                secret, and never sent a second time.
            idempotency_key: Yours, by which this happens once; see `Commands`.

        Raises:
            NothingDue: All of the payable is paid, held or being asked for.
            AmountExceeded: More than is due.
            MethodUnavailable: No gateway of the method's name is configured.
            SessionNotSupported: The method works without sessions.
            SourceRequired: The method needs a source and its gateway does not ask for one.
            Unsupported: The gateway has no sessions.
            MoneyError: The amount is not one that can be charged.
            UnsafeInput: Text, an address or metadata that must not be stored or sent.
            LimitExceeded: More metadata, or longer, than may be kept.
            IdempotencyKeyReused: The key was used for something else.
            IdempotencyKeyInFlight: What was begun with the key is still open.
            GatewayUnreachable: Certainly nothing happened; the session has failed.
            OutcomeUnknown: The provider was called, and its answer could not be recorded.
        """
        return sessions.create_session(
            payable,
            method=method,
            amount=amount,
            source=source,
            capture=capture,
            hosted=hosted,
            save_source=save_source,
            customer_external_id=customer_external_id,
            return_url=return_url,
            cancel_url=cancel_url,
            expires_at=expires_at,
            metadata=metadata,
            external_data=external_data,
        )

    @command
    def update_session(
        self,
        session_id: str,
        *,
        payable: Payable | None = None,
        amount: Money | None = None,
        external_data: Mapping[str, object] | None = None,
        idempotency_key: IdempotencyKey | str | None = None,
    ) -> Flow[PaymentSession]:
        """
        Let an open session be about another amount.

        The old amount stands until the provider has agreed to the new one, and the session
        cannot be completed before.

        Args:
            session_id: Which session.
            payable: What is being paid, if it costs something else now.
            amount: All that is due of the payable if left out; more than zero.
            external_data: What the provider's adapter wants to know besides.
            idempotency_key: Yours, by which this happens once; see `Commands`.

        Raises:
            NotFound: There is no such session.
            IllegalTransition: It is at its end.
            SessionClosing: It is being closed at the provider.
            ExpiredSession: Its time has run out.
            OperationUnresolved: An earlier attempt may have happened.
            NothingDue: The payable is covered.
            AmountExceeded: More than is due.
            Unsupported: The gateway cannot change sessions.
            IdempotencyKeyReused: The key was used for something else.
            IdempotencyKeyInFlight: What was begun with the key is still open.
            GatewayUnreachable: Certainly nothing happened; the old amount stands.
            OutcomeUnknown: The provider was called, and its answer could not be recorded.
        """
        return sessions.update_session(
            session_id, payable=payable, amount=amount, external_data=external_data
        )

    @command
    def complete_session(
        self,
        session_id: str,
        *,
        source: Source | None = None,
        external_data: Mapping[str, object] | None = None,
        idempotency_key: IdempotencyKey | str | None = None,
    ) -> Flow[PaymentSession]:
        """
        Ask for the money of an open session.

        The session comes back completed, or pending with a `failure` (declined: the
        customer may try again), or it requires an action, or it is processing (nobody
        knows yet, which is not a failure). Completing a completed session returns it and
        calls nobody; while an earlier completion is unresolved, it is looked up and no
        second one is begun. Once the payable is covered, its other open sessions are closed.

        Args:
            session_id: Which session.
            source: What the customer pays with, if it is another one than before.
            external_data: What the browser brought back: a hint for the provider. It is
                kept secret, and never sent a second time.
            idempotency_key: Yours, by which this happens once; see `Commands`.

        Raises:
            NotFound: There is no such session.
            IllegalTransition: It is at its end without money.
            SessionClosing: It is being closed at the provider.
            ExpiredSession: Its time has run out.
            SourceRequired: The method needs a source and its gateway does not ask for one.
            OperationUnresolved: Its creation or an update may not have happened.
            NothingDue: All of the payable is paid, held or being asked for meanwhile.
            AmountExceeded: Less is due by now than the session is about: `update_session` first.
            IdempotencyKeyReused: The key was used for something else.
            IdempotencyKeyInFlight: What was begun with the key is still open.
            GatewayUnreachable: Certainly nothing happened; try again.
            OutcomeUnknown: The provider was called, and its answer could not be recorded.
        """
        return sessions.complete_session(session_id, source=source, external_data=external_data)

    @command
    def cancel_session(
        self,
        session_id: str,
        *,
        idempotency_key: IdempotencyKey | str | None = None,
    ) -> Flow[PaymentSession]:
        """
        Close an open session.

        Where the provider can close sessions it is asked to, and the session is closing
        until it has answered; where it cannot, it is asked whether the customer has paid.
        If the customer was quicker, the session comes back completed; or canceled, and the
        money goes back, where the method's `on_late` is `refund`. What the customer has
        approved and nobody has asked for yet is not asked for any more. Canceling a canceled
        session returns it.

        Args:
            session_id: Which session.
            idempotency_key: Yours, by which this happens once; see `Commands`.

        Raises:
            NotFound: There is no such session.
            IllegalTransition: It is at its end in another way.
            OperationUnresolved: An attempt may have come to money, and the provider cannot
                close the session.
            IdempotencyKeyReused: The key was used for something else.
            IdempotencyKeyInFlight: What was begun with the key is still open.
            GatewayUnreachable: Certainly nothing happened; the session is open.
            OutcomeUnknown: The provider was called, and its answer could not be recorded.
        """
        return closing.cancel_session(session_id)

    @command
    def expire_sessions(self, *, limit: int = 100) -> Flow[tuple[PaymentSession, ...]]:
        """
        Close up to `limit` sessions whose time is over; run it every minute or so, for each
        tenant.

        A session with an attempt that may have come to money is left open, and so is one
        that the provider could not be asked about. One that the provider refuses to close is
        tried again for a week, ever less often, and then closed here if it was not paid.

        Raises:
            UnsafeInput: `limit` is below one.
            LimitExceeded: `limit` is above 10,000.
        """
        return closing.expire_sessions(limit=limit)

    @command
    def create_payment(
        self,
        payable: Payable,
        *,
        method: PaymentMethod,
        amount: Money | None = None,
        source: Source | None = None,
        number: str | None = None,
        metadata: Mapping[str, str] | None = None,
        idempotency_key: IdempotencyKey | str | None = None,
    ) -> Flow[Payment]:
        """
        Let a payment wait in the checkout, by a method that needs no session: a check, cash
        on delivery, a transfer.

        It takes the place of any other payment that waits in the checkout of the payable,
        which is abandoned. It reserves nothing; `mark_paid` says that the money has come.

        Args:
            payable: What is being paid.
            method: How. A copy is kept with the payment.
            amount: All that is due of the payable if left out; more than zero.
            source: What the customer pays with, where the method asks for it.
            number: What people are to call the payment by; if left out, P and seven of
                0-9A-Z. Nobody checks that no other payment has the same.
            metadata: At most 50 notes of your own.
            idempotency_key: Yours, by which this happens once; see `Commands`.

        Raises:
            SessionRequired: The method works through sessions: use `create_session`.
            SourceRequired: The method needs a source.
            MethodUnavailable: No gateway of the method's name is configured.
            NothingDue: All of the payable is paid, held or being asked for.
            AmountExceeded: More than is due.
            MoneyError: The amount is not one that can be charged.
            UnsafeInput: A number or metadata that must not be stored.
            LimitExceeded: More metadata, or longer, than may be kept.
            IdempotencyKeyReused: The key was used for something else.
            IdempotencyKeyInFlight: What was begun with the key is still open.
        """
        return flows.create_payment(
            payable,
            method=method,
            amount=amount,
            source=source,
            number=number,
            metadata=metadata,
        )

    @command
    def abandon_payment(
        self, payment_id: str, *, idempotency_key: IdempotencyKey | str | None = None
    ) -> Flow[Payment]:
        """
        Give a payment up that waits, in the checkout (the check that will not come, or the rest
        of one that came in part) or for the customer to act on a charge.

        Its provider is not called. Abandoning an abandoned payment returns it. Money that comes
        for it all the same is recorded.

        Args:
            payment_id: Which payment.
            idempotency_key: Yours, by which this happens once; see `Commands`.

        Raises:
            NotFound: There is no such payment.
            IllegalTransition: It does not wait: its money has come, or will not.
            OperationUnresolved: A charge of it may have happened.
            IdempotencyKeyReused: The key was used for something else.
            IdempotencyKeyInFlight: What was begun with the key is still open.
        """
        return flows.abandon_payment(payment_id)

    @command
    def mark_paid(
        self,
        payment_id: str,
        *,
        amount: Money | None = None,
        reference: str | None = None,
        metadata: Mapping[str, str] | None = None,
        idempotency_key: IdempotencyKey | str | None = None,
    ) -> Flow[Capture]:
        """
        Say that money has come for a payment that no provider tells of, in whole or in part.

        What is more than was asked for is recorded as well, and opens the discrepancy
        `overpaid`. A reference names one transfer: telling of it again returns its capture,
        whenever that is. Without a reference, an amount is another capture each time (pass an
        `idempotency_key`), and no amount at all returns the newest once nothing is missing.

        Args:
            payment_id: Of which payment.
            amount: All that is missing if left out; more than zero.
            reference: What the money came under: a check's number, a bank's transaction id. It
                is kept when the customer is forgotten: no name, no account number.
            metadata: Notes of your own: who says so, say.
            idempotency_key: Yours, by which this happens once; see `Commands`.

        Raises:
            NotFound: There is no such payment.
            Unsupported: Its provider says what was paid, and nobody else.
            LimitExceeded: The payment has a thousand movements.
            MoneyError: The amount is not one that can be paid.
            UnsafeInput: A reference or metadata that must not be stored.
            IdempotencyKeyReused: The key was used for something else.
            IdempotencyKeyInFlight: What was begun with the key is still open.
        """
        return marking.mark_paid(payment_id, amount=amount, reference=reference, metadata=metadata)

    @command
    def mark_bounced(
        self, capture_id: str, *, idempotency_key: IdempotencyKey | str | None = None
    ) -> Flow[Capture]:
        """
        Say that money which had come was taken back: a check that was returned.

        It is due again, and `mark_paid` says when it has come after all. Saying it again
        returns the capture.

        Args:
            capture_id: What `mark_paid` returned.
            idempotency_key: Yours, by which this happens once; see `Commands`.

        Raises:
            NotFound: There is no such capture.
            Unsupported: Its provider says what was paid, and nobody else.
            IdempotencyKeyReused: The key was used for something else.
            IdempotencyKeyInFlight: What was begun with the key is still open.
        """
        return marking.mark_bounced(capture_id)

    @command
    def mark_refunded(
        self,
        payment_id: str,
        *,
        amount: Money | None = None,
        reason: RefundReason | str | None = None,
        reference: str | None = None,
        metadata: Mapping[str, str] | None = None,
        idempotency_key: IdempotencyKey | str | None = None,
    ) -> Flow[Refund]:
        """
        Say that money of such a payment was given back, in whole or in part.

        Without an amount, saying it again returns the newest refund; with one, it is
        another refund: pass an `idempotency_key`.

        Args:
            payment_id: Of which payment.
            amount: All that is refundable if left out; more than zero.
            reason: Why.
            reference: What it went back under.
            metadata: Notes of your own: who says so, say.
            idempotency_key: Yours, by which this happens once; see `Commands`.

        Raises:
            NotFound: There is no such payment.
            Unsupported: Its provider says what was given back, and nobody else.
            IllegalTransition: Nothing is refundable.
            AmountExceeded: More than is refundable.
            LimitExceeded: The payment has a thousand movements.
            UnsafeInput: A reference or metadata that must not be stored.
            IdempotencyKeyReused: The key was used for something else.
            IdempotencyKeyInFlight: What was begun with the key is still open.
        """
        return marking.mark_refunded(
            payment_id, amount=amount, reason=reason, reference=reference, metadata=metadata
        )

    @command
    def charge(
        self,
        payable: Payable,
        *,
        method: PaymentMethod,
        source: Source,
        amount: Money | None = None,
        capture: CapturePolicy | None = None,
        use: MandateUse = MandateUse.LATER,
        customer_external_id: str | None = None,
        metadata: Mapping[str, str] | None = None,
        idempotency_key: IdempotencyKey | str | None = None,
    ) -> Flow[Payment]:
        """
        Take what is due from a stored source, with the customer absent; or hold it.

        The payment comes back authorized or captured, or failed with a `failure`
        (declined), or processing (nobody knows yet, which is not a failure; while that is
        so its amount is reserved). A charge that the customer must act on carries a
        `next_action`, and reserves nothing.

        Args:
            payable: What is being paid.
            method: How. A copy is kept with the payment.
            source: What is charged: one that a session or setup session stored, or credit.
            amount: All that is due of the payable if left out; more than zero.
            capture: When held money is taken, if not as the method says.
            use: Which use of the customer's consent this is: the first, or a later one.
            customer_external_id: The provider's id of the customer, where it asks for one: the
                `customer_external_id` of the session or setup session that stored the source.
            metadata: At most 50 notes of your own, sent along.
            idempotency_key: Yours, by which this happens once; see `Commands`.

        Raises:
            NothingDue: All of the payable is paid, held or being asked for.
            AmountExceeded: More than is due.
            MethodUnavailable: No gateway of the method's name is configured.
            Unsupported: The gateway cannot charge stored sources, or not hold and take later.
            MoneyError: The amount is not one that can be charged.
            UnsafeInput: A source without a profile, text that must not be stored or sent.
            LimitExceeded: More metadata, or longer, than may be kept.
            IdempotencyKeyReused: The key was used for something else.
            IdempotencyKeyInFlight: What was begun with the key is still open.
            GatewayUnreachable: Certainly nothing happened; the payment has failed.
            OutcomeUnknown: The provider was called, and its answer could not be recorded.
        """
        return flows.charge(
            payable,
            method=method,
            source=source,
            amount=amount,
            capture=capture,
            use=use,
            customer_external_id=customer_external_id,
            metadata=metadata,
        )

    @command
    def capture(
        self,
        payment_id: str,
        *,
        amount: Money | None = None,
        is_final: bool = False,
        metadata: Mapping[str, str] | None = None,
        despite_unresolved: str | None = None,
        idempotency_key: IdempotencyKey | str | None = None,
    ) -> Flow[Capture]:
        """
        Take what is held and was asked for, or `amount` of what is held.

        Without an amount, asking again returns the capture that was asked for already. With
        one, it is another capture: pass an `idempotency_key`.

        Args:
            payment_id: Of which payment.
            amount: If left out, all that is capturable and was asked for: where a provider
                holds more than that, name what you mean. More than zero.
            is_final: Release what is left. Where the provider does so by itself, every
                capture is final.
            metadata: Notes of your own, sent along.
            despite_unresolved: The id of an unresolved capture, to make another one all
                the same: both may then happen. What it asks for stays reserved.
            idempotency_key: Yours, by which this happens once; see `Commands`.

        Raises:
            NotFound: There is no such payment.
            IllegalTransition: Nothing is capturable.
            AmountExceeded: More than is capturable.
            OperationUnresolved: An earlier capture may have happened.
            LimitExceeded: The payment has a thousand movements.
            Unsupported: The gateway cannot capture, or not in this way.
            MoneyError: The amount is not one that can be captured.
            IdempotencyKeyReused: The key was used for something else.
            IdempotencyKeyInFlight: What was begun with the key is still open.
            GatewayUnreachable: Certainly nothing happened; the capture has failed.
            OutcomeUnknown: The provider was called, and its answer could not be recorded.
        """
        return movements.capture(
            payment_id,
            amount=amount,
            is_final=is_final,
            metadata=metadata,
            despite_unresolved=despite_unresolved,
        )

    @command
    def void(
        self,
        payment_id: str,
        *,
        amount: Money | None = None,
        metadata: Mapping[str, str] | None = None,
        despite_unresolved: str | None = None,
        idempotency_key: IdempotencyKey | str | None = None,
    ) -> Flow[Void]:
        """
        Release what is held, or `amount` of it, without taking it.

        Voiding a voided payment returns its void and calls nobody.

        Args:
            payment_id: Of which payment.
            amount: All that is held and not asked for if left out; more than zero.
            metadata: Notes of your own, sent along.
            despite_unresolved: The id of an unresolved void, to make another one all the
                same. What it asks for stays reserved.
            idempotency_key: Yours, by which this happens once; see `Commands`.

        Raises:
            NotFound: There is no such payment.
            IllegalTransition: Nothing is held that is not asked for already.
            AmountExceeded: More than that.
            OperationUnresolved: An earlier void may have happened.
            Unsupported: The gateway cannot void, or not in this way.
            IdempotencyKeyReused: The key was used for something else.
            IdempotencyKeyInFlight: What was begun with the key is still open.
            GatewayUnreachable: Certainly nothing happened; the void has failed.
            OutcomeUnknown: The provider was called, and its answer could not be recorded.
        """
        return movements.void(
            payment_id, amount=amount, metadata=metadata, despite_unresolved=despite_unresolved
        )

    @command
    def refund(
        self,
        payment_id: str,
        *,
        amount: Money | None = None,
        reason: RefundReason | str | None = None,
        capture_id: str | None = None,
        metadata: Mapping[str, str] | None = None,
        despite_unresolved: str | None = None,
        idempotency_key: IdempotencyKey | str | None = None,
    ) -> Flow[Refund]:
        """
        Give back what was taken, or `amount` of it.

        A refund that is open or unknown counts as given; one that failed gives its amount
        back to what is refundable. Without an amount, asking again returns the refund that
        was asked for already. With one, it is another refund: pass an `idempotency_key`.

        Args:
            payment_id: Of which payment.
            amount: All that is refundable if left out; more than zero.
            reason: Why.
            capture_id: The capture it is taken from, where a provider refunds per capture;
                the oldest with enough left if left out.
            metadata: Notes of your own, sent along.
            despite_unresolved: The id of an unresolved refund, to make another one all the
                same: both may then happen. What it asks for stays reserved.
            idempotency_key: Yours, by which this happens once; see `Commands`.

        Raises:
            NotFound: There is no such payment.
            IllegalTransition: Nothing is refundable.
            AmountExceeded: More than is refundable.
            OperationUnresolved: An earlier refund may have happened.
            LimitExceeded: The payment has a thousand movements.
            Unsupported: The gateway cannot refund, or not in this way.
            MoneyError: The amount is not one that can be given back.
            IdempotencyKeyReused: The key was used for something else.
            IdempotencyKeyInFlight: What was begun with the key is still open.
            GatewayUnreachable: Certainly nothing happened; the refund has failed.
            OutcomeUnknown: The provider was called, and its answer could not be recorded.
        """
        return movements.refund(
            payment_id,
            amount=amount,
            reason=reason,
            capture_id=capture_id,
            metadata=metadata,
            despite_unresolved=despite_unresolved,
        )

    @command
    def cancel_refund(
        self, refund_id: str, *, idempotency_key: IdempotencyKey | str | None = None
    ) -> Flow[Refund]:
        """
        Ask the provider to call off a refund that it is still working on.

        The refund comes back canceled, and its amount is refundable again; or pending, if the
        provider refuses or has not decided: `recover` finds out how it ends. Asking again while
        that is so calls nobody, and so does canceling a canceled refund.

        Args:
            refund_id: Which refund.
            idempotency_key: Yours, by which this happens once; see `Commands`.

        Raises:
            NotFound: There is no such refund.
            IllegalTransition: The money has gone back already, or will not.
            OperationUnresolved: Nobody knows yet whether the provider is working on it.
            Unsupported: The gateway cannot call refunds off.
            IdempotencyKeyReused: The key was used for something else.
            IdempotencyKeyInFlight: What was begun with the key is still open.
            GatewayUnreachable: Certainly nothing happened; the refund goes on.
            OutcomeUnknown: The provider was called, and its answer could not be recorded.
        """
        return movements.cancel_refund(refund_id)

    @command
    def create_setup_session(
        self,
        method: PaymentMethod,
        *,
        customer_id: str | None = None,
        customer_external_id: str | None = None,
        return_url: str | None = None,
        cancel_url: str | None = None,
        expires_at: datetime | None = None,
        metadata: Mapping[str, str] | None = None,
        external_data: Mapping[str, object] | None = None,
        idempotency_key: IdempotencyKey | str | None = None,
    ) -> Flow[SetupSession]:
        """
        Open a setup session for a customer to store a source in; no money moves.

        Args:
            method: By what the source will be charged. A copy is kept with it.
            customer_id: Your id of the customer.
            customer_external_id: The provider's id of the customer, if you know it.
            return_url: Where the provider sends the browser afterwards: absolute https.
            cancel_url: Where it sends a customer who gives up: absolute https.
            expires_at: When its time is over; an aware instant to come.
            metadata: At most 50 notes of your own, sent along.
            external_data: What the provider's adapter wants to know besides. It is kept
                secret, and never sent a second time.
            idempotency_key: Yours, by which this happens once; see `Commands`.

        Raises:
            MethodUnavailable: No gateway of the method's name is configured.
            Unsupported: The gateway stores no sources.
            UnsafeInput: Text, an address or metadata that must not be stored or sent.
            LimitExceeded: More metadata, or longer, than may be kept.
            IdempotencyKeyReused: The key was used for something else.
            IdempotencyKeyInFlight: What was begun with the key is still open.
            GatewayUnreachable: Certainly nothing happened; the setup session has failed.
            OutcomeUnknown: The provider was called, and its answer could not be recorded.
        """
        return setups.create_setup_session(
            method,
            customer_id=customer_id,
            customer_external_id=customer_external_id,
            return_url=return_url,
            cancel_url=cancel_url,
            expires_at=expires_at,
            metadata=metadata,
            external_data=external_data,
        )

    @command
    def complete_setup_session(
        self,
        setup_session_id: str,
        *,
        external_data: Mapping[str, object] | None = None,
        idempotency_key: IdempotencyKey | str | None = None,
    ) -> Flow[SetupSession]:
        """
        Ask for the source of a setup session to be stored.

        Completed, its `source` is what `charge` takes. Completing a completed one returns
        it and calls nobody.

        Args:
            setup_session_id: Which one.
            external_data: What the browser brought back: a hint for the provider. It is
                kept secret, and never sent a second time.
            idempotency_key: Yours, by which this happens once; see `Commands`.

        Raises:
            NotFound: There is no such setup session.
            IllegalTransition: It is at its end without a source.
            ExpiredSession: Its time has run out.
            OperationUnresolved: An earlier attempt may have happened.
            Unsupported: The gateway stores no sources.
            IdempotencyKeyReused: The key was used for something else.
            IdempotencyKeyInFlight: What was begun with the key is still open.
            GatewayUnreachable: Certainly nothing happened; try again.
            OutcomeUnknown: The provider was called, and its answer could not be recorded.
        """
        return setups.complete_setup_session(setup_session_id, external_data=external_data)

    @command
    def cancel_setup_session(
        self,
        setup_session_id: str,
        *,
        idempotency_key: IdempotencyKey | str | None = None,
    ) -> Flow[SetupSession]:
        """
        Give an open setup session up. Canceling a canceled one returns it.

        Args:
            setup_session_id: Which one.
            idempotency_key: Yours, by which this happens once; see `Commands`.

        Raises:
            NotFound: There is no such setup session.
            IllegalTransition: It is at its end in another way.
            OperationUnresolved: An attempt may have stored the source.
            IdempotencyKeyReused: The key was used for something else.
            IdempotencyKeyInFlight: What was begun with the key is still open.
        """
        return setups.cancel_setup_session(setup_session_id)

    @command
    def expire_setup_sessions(self, *, limit: int = 100) -> Flow[tuple[SetupSession, ...]]:
        """
        Close up to `limit` setup sessions whose time is over; run it as `expire_sessions`.

        One with an attempt that may have stored the source is left open.

        Raises:
            UnsafeInput: `limit` is below one.
            LimitExceeded: `limit` is above 10,000.
        """
        return closing.expire_setup_sessions(limit=limit)

    @command
    def update_payable(self, payable: Payable) -> Flow[PayableAccount]:
        """
        Say what a payable costs now, and return its totals.

        Every command that is given a payable does so as well; this one is for a cart that
        changed when nothing else is asked. If it is covered by that, what was held until then
        is taken, and its open sessions are closed. Else a session that is open stays about
        its own amount: give it another one with `update_session`.

        Args:
            payable: As it is now.

        Raises:
            CurrencyMismatch: It was in another currency before, and money was held, taken or
                is being asked for in that: close its sessions first, or use another payable.
        """
        return accounts.update_payable(payable)

    @command
    def receive_notification(
        self, gateway: str, *, body: bytes, headers: Mapping[str, str]
    ) -> Flow[Received]:
        """
        Record what a provider sent by itself: a webhook.

        Give the raw bytes of the request, before anything parsed them. All that is reported is
        committed when this returns, so answer 200 then. The same notification may come again,
        in any order and under any id: nothing happens twice. What cannot be applied yet is kept,
        and tried again by `recover`; it, too, makes the calls that become due, for none that
        moves money is made here.

        Args:
            gateway: The name of the gateway it came for.
            body: The raw bytes: at most what the gateway's adapter reads.
            headers: Of the request: a mapping of text by name, in upper or lower case.

        Raises:
            InvalidSignature: It is not what the provider signed: answer 401. Nothing was written.
            NotFound: There is no gateway of that name: answer 404.
            Unsupported: The gateway's adapter reads no notifications.
            GatewayBroken: The adapter failed at reading: let the provider send it again.
            UnsafeInput: The name of the gateway is none.
        """
        return notifications.receive_notification(gateway, body=body, headers=headers)

    @command
    def recover(self, *, limit: int = 100) -> Flow[tuple[AnyOperation, ...]]:
        """
        Work on up to `limit` operations that are due, and as many reports that wait; run it
        every minute or so, for each tenant.

        Each operation is looked up at its provider and settled, or its call is repeated with
        the same key where that is safe, or its session is closed, or it is left to a person:
        see `needs_attention`. What has ended is looked at again on the schedule of its
        gateway. Many processes at once are fine. Whatever one record breaks by is raised when
        the others have been worked on.

        Raises:
            UnsafeInput: `limit` is below one.
            LimitExceeded: `limit` is above 10,000.
        """
        return recovery.recover(limit=limit)

    @command
    def needs_attention(self, *, limit: int = 100) -> Flow[tuple[Resolvable, ...]]:
        """
        Return up to `limit` records that a person must look at, oldest first.

        They are operations of which nobody can find out how they ended, or that were refused
        though they had to happen (`waits_for_person` says why); reports of a provider that
        concern nothing here (`ParkedReport`); and sessions and payments with a contradiction
        that only a person can judge (see their `discrepancies`). `resolve` takes each off the
        list; whatever the provider says meanwhile does so as well.

        Raises:
            UnsafeInput: `limit` is below one.
            LimitExceeded: `limit` is above 10,000.
        """
        return resolving.needs_attention(limit=limit)

    @command
    def resolve(
        self,
        record_id: str,
        *,
        decision: Decision | str,
        actor: str,
        reason: str,
        idempotency_key: IdempotencyKey | str | None = None,
    ) -> Flow[Resolvable]:
        """
        Record what a person decides where no machine can find out.

        The provider is asked once more first, and its word counts: if the record comes back
        settled otherwise than you decided, that is why. `succeeded` and `failed` say how an
        operation ended, with the amount that was asked for; `dismissed` lets go of a report,
        closes the contradictions of a session or payment that wait for a person, and says that
        the failure of what was to happen by policy was seen. That a payment `failed` says that
        what is held of it has gone, where its time is over and nothing is asked of it: the
        amount is due again. What the provider says later counts all the same, and opens
        `resolution_contradicted`.

        Args:
            record_id: What `needs_attention` lists, or an operation that is still open.
            decision: `succeeded`, `failed` or `dismissed`.
            actor: Who decides, as you call them: at most 100 characters. It is kept in the
                event, so let it be an account's id rather than a name.
            reason: Why, for those who read it later: at most 500 characters.
            idempotency_key: Yours, by which this happens once; see `Commands`.

        Raises:
            NotFound: There is no such record.
            IllegalTransition: It has ended otherwise, or cannot be decided so.
            OperationUnresolved: A call is under way, or will be made or repeated by `recover`,
                which finds out by itself.
            UnsafeInput: No decision, or text that must not be stored.
            LimitExceeded: The actor or the reason is too long.
            IdempotencyKeyReused: The key was used for something else.
            IdempotencyKeyInFlight: What was begun with the key is still open.
            OutcomeUnknown: What the provider answered could not be recorded.
        """
        return resolving.resolve_by_person(record_id, decision=decision, actor=actor, reason=reason)

    @command
    def forget(self, customer_id: str) -> Flow[Forgotten]:
        """
        Erase what tells of a customer, in all sessions, setup sessions and payments and in
        their operations; no amount and no status changes, and refunds can still be made.

        Erased are your id of the customer and the provider's, metadata, return and cancel
        addresses, names on cards, the profiles by which sources could be charged, and text
        that a provider wrote freely. A record is left as it is, and told, while the customer
        may still act in it or its call may have to be repeated; sources cannot be charged
        again from those that are erased. What stops in between goes on when it is called
        again; it takes as long as there are records. Events that were published hold
        nothing personal; payables and sources that you keep are yours to erase.

        Args:
            customer_id: Your id of the customer, as payables and setup sessions had it.

        Raises:
            UnsafeInput: An id that could not be anybody's.
            StaleVersion: Somebody else was faster every time: forget the customer again.
        """
        return forgetting.forget(customer_id)

    @command
    def result_of(self, idempotency_key: IdempotencyKey | str, *, command: str) -> Flow[Answer]:
        """
        Return what a command that was given under a key came to, as it was then.

        Args:
            idempotency_key: The key, with its scope.
            command: The command's name, such as "refund".

        Raises:
            NotFound: No such command was given under the key, or it is more than 24 hours
                since it was settled, or it was refused.
            IdempotencyKeyInFlight: What was begun with the key is still open.
            UnsafeInput: Not a key, or no command that takes one.
            LimitExceeded: The key is too long.
        """
        return result_of(idempotency_key, command=command, among=_keyed_commands())

    @command
    def get_session(self, session_id: str) -> Flow[PaymentSession]:
        """
        Return one session.

        Raises:
            NotFound: There is no such session.
        """
        return reading.get(PaymentSession, session_id)

    @command
    def get_setup_session(self, setup_session_id: str) -> Flow[SetupSession]:
        """
        Return one setup session.

        Raises:
            NotFound: There is no such setup session.
        """
        return reading.get(SetupSession, setup_session_id)

    @command
    def get_payment(self, payment_id: str) -> Flow[Payment]:
        """
        Return one payment.

        Raises:
            NotFound: There is no such payment.
        """
        return reading.get(Payment, payment_id)

    @command
    def get_capture(self, capture_id: str) -> Flow[Capture]:
        """
        Return one capture.

        Raises:
            NotFound: There is no such capture.
        """
        return reading.get(Capture, capture_id)

    @command
    def get_void(self, void_id: str) -> Flow[Void]:
        """
        Return one void.

        Raises:
            NotFound: There is no such void.
        """
        return reading.get(Void, void_id)

    @command
    def get_refund(self, refund_id: str) -> Flow[Refund]:
        """
        Return one refund.

        Raises:
            NotFound: There is no such refund.
        """
        return reading.get(Refund, refund_id)

    @command
    def get_dispute(self, dispute_id: str) -> Flow[Dispute]:
        """
        Return one dispute: where it stands, until when evidence is due, what it withholds.

        Raises:
            NotFound: There is no such dispute.
        """
        return reading.get(Dispute, dispute_id)

    @command
    def find_session(self, *, external_id: str) -> Flow[PaymentSession]:
        """
        Return the newest session that its provider knows by `external_id`.

        Raises:
            NotFound: There is no such session.
        """
        return reading.find_session(external_id=external_id)

    @command
    def sessions_of(self, payable_id: str) -> Flow[tuple[PaymentSession, ...]]:
        """Return all sessions for one payable, oldest first."""
        return reading.sessions_of(payable_id)

    @command
    def payments_of(self, payable_id: str) -> Flow[tuple[Payment, ...]]:
        """Return all payments for one payable, oldest first: those of its sessions, too."""
        return reading.payments_of(payable_id)

    @command
    def disputes_of(self, payment_id: str) -> Flow[tuple[Dispute, ...]]:
        """Return all disputes of one payment, oldest first: inquiries and chargebacks."""
        return reading.disputes_of(payment_id)

    @command
    def statement(self, record_id: str) -> Flow[Statement]:
        """
        Return all there is to tell about one session or payment: what views print.

        Raises:
            NotFound: There is neither.
        """
        return reading.statement(record_id)

    @command
    def balance(self, payable: Payable | str) -> Flow[PayableAccount]:
        """
        Return the totals of a payable: what is due, held, paid and given back.

        Given the payable itself, with what it costs now, whether or not anything was paid.

        Raises:
            NotFound: Only an id was given, and nothing was ever asked for it.
            CurrencyMismatch: It was in another currency before.
        """
        return reading.balance(payable)


class Payments(Commands):
    """
    Take money in sessions, through any provider; synchronously.

    Thread-safe where its store and gateways are. Cheap to make; keep one.
    """

    def __init__(
        self,
        gateways: Gateways[Gateway],
        *,
        store: Store | None = None,
        clock: Callable[[], datetime] | None = None,
        ids: Callable[[str], str] | None = None,
        observers: Sequence[Observer] = (),
        tenant: str = "",
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        """
        Bring the parts together.

        Args:
            gateways: By name, or a callable that returns the gateway of a name, or `None`.
                A name stands for one merchant account at one provider, for ever.
            store: Where everything is kept; in memory if left out.
            clock: Returns the present instant, aware of its zone; the system's if left out.
            ids: Returns a new id for a prefix such as "ps"; random if left out. Ids are the
                providers' idempotency keys: let no two tenants have the same.
            observers: Called with a `Step` after every ask.
            tenant: Whose records these are.
            sleep: Waits for some seconds before what somebody else beat is tried again.

        Raises:
            TypeError: A part is for `AsyncPayments`, or is no such part at all.
        """
        self.ports: Ports[Store, Gateway] = Ports(
            store=_part("store", InMemoryStore() if store is None else store, Store),
            gateways=_gateways(gateways, Gateway),
            port=Gateway,
            clock=clock or _utc_now,
            ids=ids or _random_id,
            sleep=sleep,
            tenant=_tenant(tenant),
            observers=_observers(observers),
        )

    def for_tenant(self, tenant: str) -> Payments:
        """Return the same with another tenant's records; no record is ever shared."""
        ports = self.ports
        return Payments(
            ports.gateways,
            store=ports.store,
            clock=ports.clock,
            ids=ports.ids,
            observers=ports.observers,
            tenant=tenant,
            sleep=ports.sleep,
        )


class AsyncPayments(Commands):
    """
    Take money in sessions, through any provider; on asyncio, trio or any other event loop.

    The same commands as `Payments`, awaited.
    """

    def __init__(
        self,
        gateways: Gateways[AsyncGateway],
        *,
        store: AsyncStore | None = None,
        clock: Callable[[], datetime] | None = None,
        ids: Callable[[str], str] | None = None,
        observers: Sequence[Observer] = (),
        tenant: str = "",
        sleep: Callable[[float], Awaitable[object]] | None = None,
    ) -> None:
        """
        Bring the parts together.

        Args:
            gateways: By name, or a callable that returns the gateway of a name, or `None`.
            store: Where everything is kept; in memory if left out.
            clock: Returns the present instant, aware of its zone; the system's if left out.
            ids: Returns a new id for a prefix such as "ps"; random if left out. Ids are the
                providers' idempotency keys: let no two tenants have the same.
            observers: Called with a `Step` after every ask.
            tenant: Whose records these are.
            sleep: `asyncio.sleep` or `trio.sleep`; without it, what somebody else beat is
                tried again at once.

        Raises:
            TypeError: A part is for `Payments`, or is no such part at all.
        """
        self.ports: Ports[AsyncStore, AsyncGateway] = Ports(
            store=_part("store", AsyncInMemoryStore() if store is None else store, AsyncStore),
            gateways=_gateways(gateways, AsyncGateway),
            port=AsyncGateway,
            clock=clock or _utc_now,
            ids=ids or _random_id,
            sleep=sleep or _no_wait,
            tenant=_tenant(tenant),
            observers=_observers(observers),
        )

    def for_tenant(self, tenant: str) -> AsyncPayments:
        """Return the same with another tenant's records; no record is ever shared."""
        ports = self.ports
        return AsyncPayments(
            ports.gateways,
            store=ports.store,
            clock=ports.clock,
            ids=ports.ids,
            observers=ports.observers,
            tenant=tenant,
            sleep=ports.sleep,
        )


def flow_of(name: str, *args: object, **kwargs: object) -> Flow[Any]:
    """Return the flow of the command of that name, not begun, for a driver of one's own."""
    asked: command[..., Any] = vars(Commands)[name]
    return asked.asked(args, kwargs)


def _keyed_commands() -> frozenset[str]:
    members = vars(Commands).items()
    return frozenset(
        name for name, member in members if isinstance(member, command) and member.takes_key
    )


def _in_turn(flow: Callable[Concatenate[Payments, P], Flow[R]]) -> Callable[..., R]:
    @wraps(flow)
    def run(self: Payments, *args: P.args, **kwargs: P.kwargs) -> R:
        asked = _begun(flow, self, args, kwargs)
        del args, kwargs  # or a traceback with local variables would show them
        return drive(asked, self.ports, command=flow.__name__)

    return _signed(run, flow, "{}")


def _awaited(
    flow: Callable[Concatenate[AsyncPayments, P], Flow[R]],
) -> Callable[..., Coroutine[Any, Any, R]]:
    @wraps(flow)
    async def run(self: AsyncPayments, *args: P.args, **kwargs: P.kwargs) -> R:
        asked = _begun(flow, self, args, kwargs)
        del args, kwargs  # or a traceback with local variables would show them
        return await adrive(asked, self.ports, command=flow.__name__)

    return _signed(run, flow, "Coroutine[Any, Any, {}]")


_MASKED: Final[Mapping[str, Callable[[Any], object]]] = MappingProxyType(
    {
        "idempotency_key": IdempotencyKey.of,
        "external_data": partial(Veiled, field="external_data"),
    }
)


def _begun(
    flow: Callable[..., Flow[R]],
    payments: Commands | None,
    args: tuple[object, ...],
    kwargs: dict[str, object],
) -> Flow[R]:
    """
    Return a command's flow; what nobody may see by chance among its arguments is masked.

    It is masked where it stands: a traceback with local variables shows who called, too.
    """
    for name, masked in _MASKED.items():
        if kwargs.get(name) is not None:
            kwargs[name] = masked(kwargs.pop(name))
    return flow(payments, *args, **kwargs)


F = TypeVar("F", bound=Callable[..., Any])


def _signed(offered: F, flow: Callable[..., Any], returns: str) -> F:
    """Show the facade's own return type wherever signatures are shown."""
    inner = flow.__annotations__["return"].removeprefix("Flow[").removesuffix("]")
    shown = returns.format(inner)
    offered.__annotations__ = {**flow.__annotations__, "return": shown}
    signature = inspect.signature(flow).replace(return_annotation=shown)
    offered.__signature__ = signature  # type: ignore[attr-defined]  # inspect reads it
    return offered


G = TypeVar("G", Gateway, AsyncGateway)


def _gateways(gateways: Gateways[G], port: type[G]) -> Gateways[G]:
    if callable(gateways):
        return gateways
    if not isinstance(gateways, Mapping):
        raise TypeError("gateways must be a mapping of names to gateways, or a callable")
    return {
        safe_text(name, field="gateway name", most=100): _gateway(name, gateway, port)
        for name, gateway in gateways.items()
    }


def _gateway(name: str, gateway: object, port: type[G]) -> G:
    """A gateway's methods must be of its port's world, too."""
    checked = _part(f"gateway {name!r}", gateway, port)
    is_async = issubclass(port, AsyncGateway)
    for method in operations_of(checked):
        if inspect.iscoroutinefunction(getattr(checked, method)) is not is_async:
            wanted = "a coroutine function" if is_async else "a plain function"
            raise TypeError(f"{method} of gateway {name!r} must be {wanted}")
    return checked


def _part(name: str, part: object, port: type[R]) -> R:
    if not isinstance(part, port):
        raise TypeError(f"{name} must be {port.__name__}, not {type(part).__name__}")
    return part


def _observers(observers: Sequence[Observer]) -> tuple[Observer, ...]:
    given: Sequence[object] = observers
    for observer in given:
        if not callable(observer) or inspect.iscoroutinefunction(observer):
            raise TypeError("an observer must be a callable that is not a coroutine function")
    return tuple(observers)


def _tenant(tenant: str) -> str:
    return safe_text(tenant, field="tenant", most=255, allow_empty=True)


def _utc_now() -> datetime:
    return datetime.now(UTC)


def _random_id(prefix: str) -> str:
    return id_of(prefix, secrets.randbelow(62**ID_LENGTH))


async def _no_wait(seconds: float) -> None:
    del seconds

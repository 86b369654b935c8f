"""Requests to a gateway, each of them new: as flows make them of committed operations."""

from __future__ import annotations

from itertools import count
from typing import Any, Final, TypeVar

import attrs

from paysession._domain.attempts import CloseReason
from paysession._domain.limits import Metadata
from paysession._domain.methods import CapturePolicy, SetupTerms, Terms
from paysession._domain.movements import RefundReason
from paysession._domain.secrets import ClientData
from paysession._domain.sources import MandateUse, Source
from paysession._money import Money
from paysession.gateways import (
    CancelRefundRequest,
    CaptureRequest,
    ChargeRequest,
    CloseSessionRequest,
    CompleteSessionRequest,
    CompleteSetupSessionRequest,
    CreateSessionRequest,
    CreateSetupSessionRequest,
    LookUpRequest,
    RefundRequest,
    Request,
    UpdateSessionRequest,
    VoidRequest,
)
from paysession.outcomes import NO_REFERENCES, References

R = TypeVar("R", bound=Request[Any])

MANUAL, AUTOMATIC = CapturePolicy.MANUAL, CapturePolicy.AUTOMATIC
"""Held until we capture; taken at once."""

_THANKS, _CART = "https://shop.example/thanks", "https://shop.example/cart"
"""Where the browser comes back to, with the money or without."""

_TRIALS: Final = count()


class Orders:
    """
    Makes requests, each under an id and a key that no other has.

    Args:
        prefix: What no other run begins with, if the provider remembers what others have sent;
            then no two trials of a run have an id in common either.
        hosted: Whether sessions are at the provider's own page.
        source_comes_last: Whether a session is given its source when it is completed, and
            not when it is opened.

    Attributes:
        ids: All that were given so far, of operations, sessions and payments.
    """

    def __init__(
        self, prefix: str = "", *, hosted: bool = False, source_comes_last: bool = False
    ) -> None:
        self.ids: list[str] = []
        self._is_hosted = hosted
        self._comes_last = source_comes_last
        self._sources: dict[str, Source | None] = {}
        self._trial = f"{prefix}_{next(_TRIALS)}_" if prefix else ""
        self._count = 0

    def fresh(self, prefix: str) -> str:
        """Return an id that was not used before."""
        self._count += 1
        self.ids.append(f"{self._trial}{prefix}_{self._count}")
        return self.ids[-1]

    def _envelope(self, prefix: str, references: References = NO_REFERENCES) -> dict[str, Any]:
        operation_id = self.fresh(prefix)
        return {
            "key": f"key-{operation_id}",
            "operation_id": operation_id,
            "tenant": "",
            "references": references,
        }

    def creation(
        self, amount: Money, *, policy: CapturePolicy = MANUAL, source: Source | None = None
    ) -> CreateSessionRequest:
        """Ask for a session to be opened."""
        envelope, session_id = self._envelope("at"), self.fresh("ps")
        self._sources[session_id] = source
        return CreateSessionRequest(
            **envelope,
            session_id=session_id,
            amount=amount,
            terms=Terms(
                payable_id="or_1",
                payable_reference="R1",
                capture=policy,
                hosted=self._is_hosted,
                return_url=_THANKS,
                cancel_url=_CART,
            ),
            source=None if self._comes_last else source,
            external_data=None,
        )

    def hosted(
        self, amount: Money, *, policy: CapturePolicy = MANUAL, source: Source | None = None
    ) -> CreateSessionRequest:
        """Ask for a session at the provider's own page to be opened."""
        plain = self.creation(amount, policy=policy, source=source)
        return attrs.evolve(plain, terms=attrs.evolve(plain.terms, hosted=True))

    @staticmethod
    def saving(session: CreateSessionRequest) -> CreateSessionRequest:
        """Ask for the same session, whose source is kept for later."""
        terms = attrs.evolve(session.terms, save_source=True, customer_id="cus_1")
        return attrs.evolve(session, terms=terms)

    def update(
        self, session: CreateSessionRequest, opened: References, amount: Money
    ) -> UpdateSessionRequest:
        """Ask for a session to be about another amount."""
        return UpdateSessionRequest(
            **self._envelope("at", opened),
            session_id=session.session_id,
            amount=amount,
            external_data=None,
        )

    def completion(
        self,
        session: CreateSessionRequest,
        opened: References,
        *,
        amount: Money | None = None,
        source: Source | None = None,
    ) -> CompleteSessionRequest:
        """Ask for a session's money to be held or taken, with its source unless there is one."""
        return CompleteSessionRequest(
            **self._envelope("at", opened),
            session_id=session.session_id,
            amount=amount or session.amount,
            terms=session.terms,
            source=source or self._sources.get(session.session_id),
            external_data=None,
        )

    def closing(
        self,
        session: CreateSessionRequest,
        opened: References,
        reason: CloseReason = CloseReason.CANCELED,
    ) -> CloseSessionRequest:
        """Ask that no money moves in a session any more."""
        return CloseSessionRequest(
            **self._envelope("at", opened), session_id=session.session_id, reason=reason
        )

    def charge(
        self, amount: Money, source: Source, *, policy: CapturePolicy = MANUAL
    ) -> ChargeRequest:
        """Ask for a stored source to be charged."""
        return ChargeRequest(
            **self._envelope("at"),
            payment_id=self.fresh("py"),
            amount=amount,
            terms=Terms(
                payable_id="or_1", payable_reference="R1", capture=policy, customer_id="cus_1"
            ),
            source=source,
            use=MandateUse.LATER,
        )

    def setup(self, *, external_data: ClientData | None = None) -> CreateSetupSessionRequest:
        """Ask for a session to be opened that stores a source."""
        return CreateSetupSessionRequest(
            **self._envelope("at"),
            setup_session_id=self.fresh("pss"),
            terms=SetupTerms(return_url=_THANKS, cancel_url=_CART),
            external_data=external_data,
        )

    def storing(
        self, setup: CreateSetupSessionRequest, opened: References
    ) -> CompleteSetupSessionRequest:
        """Ask for the source to be stored."""
        return CompleteSetupSessionRequest(
            **self._envelope("at", opened),
            setup_session_id=setup.setup_session_id,
            terms=setup.terms,
            external_data=None,
        )

    def capture(
        self,
        paid: References,
        amount: Money,
        *,
        is_final: bool = False,
        metadata: Metadata | None = None,
    ) -> CaptureRequest:
        """Ask for some of what is held to be taken."""
        return CaptureRequest(
            **self._envelope("cap", paid),
            payment_id="py_of_kit",
            amount=amount,
            is_final=is_final,
            metadata=metadata or Metadata(),
        )

    def void(self, paid: References, amount: Money) -> VoidRequest:
        """Ask for some of what is held to be released."""
        return VoidRequest(
            **self._envelope("vo", paid),
            payment_id="py_of_kit",
            amount=amount,
            metadata=Metadata(),
        )

    def refund(
        self, paid: References, amount: Money, *, reason: RefundReason | None = None
    ) -> RefundRequest:
        """Ask for some of what was taken to be given back."""
        return RefundRequest(
            **self._envelope("re", paid),
            payment_id="py_of_kit",
            amount=amount,
            reason=reason,
            metadata=Metadata(),
        )

    def calling_off(self, refund: RefundRequest, made: References) -> CancelRefundRequest:
        """Ask for a refund to be called off."""
        return CancelRefundRequest(
            **self._envelope("cr", refund.references | made),
            payment_id=refund.payment_id,
            refund_id=refund.operation_id,
        )

    def again(self, request: R) -> R:
        """Ask the same by an operation of its own: a second try, and no repetition."""
        operation_id = self.fresh("at")
        return attrs.evolve(request, operation_id=operation_id, key=f"key-{operation_id}")

    @staticmethod
    def question(request: Request[Any]) -> LookUpRequest:
        """Ask what became of an operation."""
        return LookUpRequest(
            key=request.key,
            operation_id=request.operation_id,
            tenant=request.tenant,
            references=request.references,
            about=request.method,
        )

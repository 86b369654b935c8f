"""
What the author of an adapter says of the provider that it is tested with.

A suite needs one method: how a gateway is made. With each of the others that an author writes,
more laws can be tried; what is not written is not needed, and the laws that need it are skipped
and say so. Each control takes the gateway first, because what plays the provider hangs off it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Coroutine, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final, Generic, TypeVar, cast

import attrs

from paysession._domain.failures import FailureCode
from paysession._domain.limits import is_a
from paysession._domain.secrets import ClientData
from paysession._domain.sources import Source, StoredSource
from paysession._money import Currency, Money
from paysession.errors import UnknownCurrency
from paysession.gateways import AsyncGateway, Gateway, Notification
from paysession.gateways.requests import Method
from paysession.outcomes import References
from paysession.testing._gateways.calls import run_by_hand
from paysession.testing._gateways.law import CONTROLS

G = TypeVar("G", bound=Gateway | AsyncGateway)

_is_money = is_a(Money)


@attrs.frozen(kw_only=True)
class ProviderBooks:
    """
    What the provider's own books say of one currency, whether or not anybody heard of it.

    Attributes:
        held: All that was ever held; what is taken at once is held first.
        taken: All that was taken.
        released: All that was held and let go again.
        given_back: All that went back to customers.
    """

    held: Money = attrs.field(validator=_is_money)
    taken: Money = attrs.field(validator=_is_money)
    released: Money = attrs.field(validator=_is_money)
    given_back: Money = attrs.field(validator=_is_money)


PARTS: Final = tuple(each.name for each in attrs.fields(ProviderBooks))
"""What a provider's books tell apart."""


class Controls(Generic[G]):
    """
    What an author says of his gateway and of the provider that it is tested with.

    The next call of a method is told how to end *before* the session or the charge that it
    belongs to is opened, and `source` is asked for after that: so a transport that is scripted
    serves as well as a provider whose test cards say what happens.

    Every control may be asynchronous.

    Attributes:
        gateway_class: What `make_gateway` returns, for reports and so that a mistake is seen.
        currencies: Codes of those that the account takes: one without decimals, one with two
            and one with three, if it takes such.
        declines: By the provider's raw code, every failure that the test provider can produce.
        canaries: Merchant secrets that `make_gateway` gave to the gateway: none may ever show.
        webhook_secrets: An old and a new one that notifications can be signed with.
        patience_seconds: How long one call may take here, whatever goes wrong with it.
        customer_pays: Whether money moves when the customer acts, on the provider's page or at
            his bank, so that completing a session only tells of it.
        hosted: Whether every session is at the provider's own page, because it has no other.
        source_comes_last: Whether a session that is opened with a source is paid at once, so
            that sessions to be completed are opened without, and completed with it.
        prefix: What ids and keys begin with. At a provider that remembers what other runs have
            sent, such as a sandbox, let it be what no other run has: `uuid4().hex[:8]`.
        run: Runs a coroutine to its end on a new event loop: for asyncio,
            `run = staticmethod(asyncio.run)`.
    """

    gateway_class: type[Gateway] | type[AsyncGateway] | None = None
    currencies: Sequence[str] = ("USD", "JPY", "KWD")
    declines: Mapping[str, FailureCode] = {}
    canaries: Sequence[str] = ()
    webhook_secrets: Sequence[str] = ()
    patience_seconds: float = 10.0
    customer_pays: bool = False
    hosted: bool = False
    source_comes_last: bool = False
    prefix: str = ""

    def run(self, main: Coroutine[Any, Any, None], /) -> None:
        """Run a coroutine to its end, on a new event loop; unless written, there is none."""
        run_by_hand(main)

    def together(self, *tasks: Coroutine[Any, Any, Any]) -> Awaitable[Sequence[Any]]:
        """Await coroutines all at once: for asyncio, return `asyncio.gather(*tasks)`."""
        for task in tasks:
            task.close()
        raise NotImplementedError

    def make_gateway(self) -> G | Awaitable[G]:
        """Return a gateway at a fresh test provider, with nothing in its books."""
        raise NotImplementedError("write make_gateway(): it returns a gateway at a fresh provider")

    def close(self, gateway: G) -> Awaitable[None] | None:
        """Give up a gateway that is needed no more; nothing is done unless you write it."""

    def source(self, gateway: G) -> Source | Awaitable[Source | None] | None:  # noqa: ARG002 - whose else
        """Return what the next customer pays with."""
        return StoredSource(id="src_1", profile_id="pm_1")

    def customer_acts(self, gateway: G, references: References) -> Awaitable[None] | None:
        """
        Let the customer do what the provider's page or the next action asks for.

        It is called for every session after it was opened, for every action that a call says is
        required, and for whoever tries another source after a decline. Nothing is done unless
        you write it.
        """

    def browser_brings(self, gateway: G) -> ClientData | Awaitable[ClientData | None] | None:
        """Return what the customer's browser brings when a source is to be stored."""

    def decline(self, gateway: G, method: Method, code: str) -> Awaitable[None] | None:
        """Let the next call of a method be declined, with this raw code of the provider's."""
        raise NotImplementedError

    def reject(self, gateway: G, method: Method) -> Awaitable[None] | None:
        """Let the next call of a method be refused as malformed, or as not authenticated."""
        raise NotImplementedError

    def lose_answer(self, gateway: G, method: Method, *, happened: bool) -> Awaitable[None] | None:
        """Let nobody hear what became of the next call of a method, which happened or did not."""
        raise NotImplementedError

    def refuse_connection(self, gateway: G, method: Method) -> Awaitable[None] | None:
        """Let the next call of a method certainly not arrive."""
        raise NotImplementedError

    def answer_nonsense(self, gateway: G, method: Method) -> Awaitable[None] | None:
        """
        Let the next call of a method happen, and answer what nobody can read.

        A page of HTML is such an answer, half a document, or a status that nobody has heard of.
        """
        raise NotImplementedError

    def answer_in_other_currency(self, gateway: G, method: Method) -> Awaitable[None] | None:
        """Let the next call of a method happen, and answer its amount in another currency."""
        raise NotImplementedError

    def never_answer(self, gateway: G, method: Method) -> Awaitable[None] | None:
        """Let the next call of a method last for as long as the adapter waits for it."""
        raise NotImplementedError

    def keep_pending(self, gateway: G, method: Method) -> Awaitable[None] | None:
        """Let the provider take its time with the next call of a method."""
        raise NotImplementedError

    def settle(self, gateway: G, *, succeed: bool) -> Awaitable[None] | None:
        """Let the provider decide all that is pending, now and alike."""
        raise NotImplementedError

    def require_action(self, gateway: G, method: Method) -> Awaitable[None] | None:
        """Let the next call of a method need the customer, and the one after it no more."""
        raise NotImplementedError

    def move_less(self, gateway: G, method: Method) -> Awaitable[None] | None:
        """Let the provider move less with the next call of a method than it is asked to."""
        raise NotImplementedError

    def books(self, gateway: G, currency: str) -> ProviderBooks | Awaitable[ProviderBooks]:
        """Return what has happened to money at the provider."""
        raise NotImplementedError

    def notifications(
        self, gateway: G
    ) -> Sequence[Notification] | Awaitable[Sequence[Notification]]:
        """Return what the provider has sent since it was asked last."""
        raise NotImplementedError

    def sign(
        self, gateway: G, body: bytes, *secrets: str
    ) -> Notification | Awaitable[Notification]:
        """Return these bytes as the provider sends them now, signed with each of the secrets."""
        raise NotImplementedError

    def knowing(self, gateway: G, *secrets: str) -> G | Awaitable[G]:
        """Return a gateway at the same provider that knows these webhook secrets, and no other."""
        raise NotImplementedError

    def another(self, gateway: G) -> G | Awaitable[G]:
        """Return a second gateway at the same provider, as another process has one."""
        raise NotImplementedError

    def pass_time(self, gateway: G, time: timedelta) -> Awaitable[None] | None:
        """Move the clock of the gateway and of the provider, back or forth."""
        raise NotImplementedError

    def __init_subclass__(cls, **arguments: object) -> None:
        super().__init_subclass__(**arguments)
        _refuse_odd_lists(cls)
        _refuse_odd_declines(cls)

    def written(self) -> frozenset[str]:
        """
        Return which of the controls that need not be written were.

        `declines.expired_card` is one, if the provider can be told to decline for that.
        """
        own = type(self)
        written = {each for each in CONTROLS if getattr(own, each) is not getattr(Controls, each)}
        return frozenset(written | {f"declines.{each}" for each in self.declines.values()})


def _refuse_odd_lists(suite: type[Controls[Any]]) -> None:
    """Refuse one text where several are wanted, and currencies that there are not."""
    for name in ("currencies", "canaries", "webhook_secrets"):
        if isinstance(getattr(suite, name), str):
            raise TypeError(f"{suite.__name__}.{name} is one text: make it a tuple of texts")
    if isinstance(suite.currencies, list | tuple):
        _refuse_odd_currencies(suite.__name__, suite.currencies)


def _refuse_odd_currencies(suite: str, codes: Sequence[str]) -> None:
    if not codes:
        raise TypeError(f"{suite}.currencies is empty: name one at least")
    for code in codes:
        try:
            Currency.of(code)
        except UnknownCurrency as unknown:
            raise TypeError(f"{suite}.currencies: {unknown}") from None


def _refuse_odd_declines(suite: type[Controls[Any]]) -> None:
    """Refuse a provider's code that stands for no class of failures."""
    declines: object = suite.declines
    if isinstance(declines, list | tuple | set | str):
        raise TypeError(f"{suite.__name__}.declines must be a dict: a FailureCode by each raw code")
    if isinstance(declines, Mapping):
        for raw_code, code in cast("Mapping[str, object]", declines).items():
            if not isinstance(code, FailureCode):
                wanted = f"must be a FailureCode, not {type(code).__name__}"
                raise TypeError(f"{suite.__name__}.declines[{raw_code!r}] {wanted}")

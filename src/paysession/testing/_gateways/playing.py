"""What the author's provider is told to do and tells of itself, and what its books must say."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar, cast

from paysession._domain.secrets import ClientData
from paysession._domain.sources import Source
from paysession._money import Money
from paysession.gateways import Method, Notification, operations_of
from paysession.outcomes import References
from paysession.testing._gateways.calls import AnyGateway, Stage
from paysession.testing._gateways.controls import PARTS, Controls, ProviderBooks
from paysession.testing._gateways.law import GatewayLaw
from paysession.testing._gateways.telling import Telling, Words
from paysession.testing._laws.law import CannotBeTried
from paysession.testing._laws.threads import Stuck

T = TypeVar("T")


class Playing(Telling):
    """
    A gateway at the author's provider, which plays whatever the author can have it play.

    Attributes:
        author: Who knows the gateway and its provider.
        stage: Where the gateway is called.
        gateway: The gateway.
        mail: All that the provider was found to have sent so far.
    """

    def __init__(self, law: GatewayLaw, author: Controls[Any], stage: Stage) -> None:
        super().__init__(law)
        self.author = author
        self.stage = stage
        self.mail: list[Notification] = []
        self._written = author.written()
        self._unplayed: list[CannotBeTried] = []
        self._is_played = False
        self._is_news = True
        self.gateway: AnyGateway = self._made("make_gateway", author.make_gateway)
        if author.prefix and self.knows("notifications"):
            self._played("notifications", lambda: author.notifications(self.gateway))

    def offers(self, *methods: str) -> bool:
        """Tell whether the gateway has all of these methods."""
        return operations_of(self.gateway) >= set(methods)

    def knows(self, control: str) -> bool:
        """Tell whether the author has written a control."""
        return control in self._written

    def control(self, name: str, call: Callable[[], Any], what: str) -> None:
        """
        Have the author's provider do something.

        Raises:
            CannotBeTried: The control says by `NotImplementedError` that it cannot do so.
        """
        self.tell(what)
        self._is_news = True
        self._played(name, call)

    def _played(self, control: str, call: Callable[[], T | Awaitable[T]]) -> T:
        """Let a control do something, which is given more time than a call of the gateway."""
        try:
            return self.stage.do(call, is_control=True)
        except NotImplementedError as why:
            told = f"{control} cannot do that{f': {why}' if str(why) else ''}"
            raise CannotBeTried(told) from None
        except Stuck as stuck:
            self.broken(
                f"how long {control}() takes", Words("it comes to an end"), Words(str(stuck))
            )

    def arm(self, control: str, method: Method, *arguments: object, **named: object) -> None:
        """
        Tell the provider how the next call of a method ends: `arm("reject", "capture")`.

        Raises:
            CannotBeTried: The control says by `NotImplementedError` that it cannot do so.
        """
        told = ", ".join([*map(repr, arguments), *(f"{name}={it!r}" for name, it in named.items())])
        what = f"the provider is told: {control} the next {method}{f', {told}' if told else ''}"
        act = getattr(self.author, control)
        try:
            self.control(control, lambda: act(self.gateway, method, *arguments, **named), what)
        except CannotBeTried:
            raise CannotBeTried(f"{control} cannot play that for {method}") from None

    @contextmanager
    def where_it_can_be_played(self) -> Generator[None, None, None]:
        """Pass over what a control cannot play, and go on with what others can."""
        try:
            yield
        except CannotBeTried as why:
            self._unplayed.append(why)
        else:
            self._is_played = True

    def ends(self) -> None:
        """
        Do nothing if something was tried.

        Raises:
            CannotBeTried: All that was to be tried was passed over.
        """
        if self._unplayed and not self._is_played:
            raise self._unplayed[-1]

    def settle(self, *, succeed: bool = True) -> None:
        """Let the provider decide what is pending, if the author can tell it to."""
        if self.knows("settle"):
            what = f"the provider lets what is pending {'succeed' if succeed else 'fail'}"
            act = partial(self.author.settle, self.gateway, succeed=succeed)
            self.control("settle", act, what)

    def pass_time(self, time: timedelta) -> None:
        """Move the clock."""
        act = partial(self.author.pass_time, self.gateway, time)
        self.control("pass_time", act, f"{time} go by")

    def let_grace_pass(self) -> None:
        """Let so much time go by that a look-up misses nothing that was done, if it ever does."""
        grace = self.gateway.capabilities.look_up_grace
        if grace and self._is_news and self.knows("pass_time"):
            self.pass_time(grace)
            self._is_news = False

    def books(self, currency: str | Money) -> ProviderBooks:
        """Return what the provider's own books say."""
        code = currency.currency.code if isinstance(currency, Money) else currency
        (only,) = self._all_books([code])
        return only

    def _all_books(self, codes: Sequence[str]) -> list[ProviderBooks]:
        """Return what the books say of each of these currencies; asked for at one go."""

        async def read() -> list[object]:
            books: list[object] = []
            for code in codes:
                told = self.author.books(self.gateway, code)
                books.append(await told if isinstance(told, Awaitable) else told)
            return books

        books: list[object] = self._played("books", read)
        for each in books:
            if not isinstance(each, ProviderBooks):
                raise TypeError(f"books() must return ProviderBooks, not {type(each).__name__}")
        return cast("list[ProviderBooks]", books)

    def sent(self) -> tuple[Notification, ...]:
        """Return what the provider has sent since it was asked last."""
        fresh = self._played("notifications", lambda: self.author.notifications(self.gateway))
        if not all(isinstance(each, Notification) for each in fresh):
            raise TypeError("notifications() must return Notification(body, headers) each")
        self.mail += fresh
        return tuple(fresh)

    def all_sent(self) -> tuple[Notification, ...]:
        """Return what the provider has sent so far, whoever has read it by now."""
        self.sent()
        return tuple(self.mail)

    def signed(self, body: bytes, *secrets: str) -> Notification:
        """Return these bytes as the provider sends them now, signed with each of the secrets."""
        return self._played("sign", lambda: self.author.sign(self.gateway, body, *secrets))

    def knowing(self, *secrets: str) -> AnyGateway:
        """Return a gateway at the same provider that knows these webhook secrets alone."""
        return self._made("knowing", lambda: self.author.knowing(self.gateway, *secrets))

    def another(self) -> AnyGateway:
        """Return a second gateway at the same provider, as another process has one."""
        return self._made("another", lambda: self.author.another(self.gateway))

    def _made(self, control: str, make: Callable[[], Any]) -> AnyGateway:
        gateway: AnyGateway = self._played(control, make)
        self.stage.gateways.append(gateway)
        return gateway

    def source(self) -> Source | None:
        """Return what the next customer pays with."""
        return self._played("source", lambda: self.author.source(self.gateway))

    def brought(self) -> ClientData | None:
        """Return what the next customer's browser brings."""
        return self._played("browser_brings", lambda: self.author.browser_brings(self.gateway))

    def customer_acts(self, references: References) -> None:
        """Let the customer do his part."""
        self._is_news = True
        act = partial(self.author.customer_acts, self.gateway, references)
        self._played("customer_acts", act)

    # -- What the books must say

    @contextmanager
    def moving(self, what: str, **moves: Money) -> Generator[dict[str, Money], None, None]:
        """
        Do nothing if exactly that happens to money meanwhile, as far as `books` is written.

        What is to happen is named by the parts of the books, `moving(what, held=amount)`, or
        filled in by them later: `moves["held"] = amount`.
        """
        __tracebackhide__ = True
        kept = self.author.currencies if self.knows("books") else ()
        before = self._all_books(kept)
        yield moves
        for was, now in zip(before, self._all_books(kept), strict=True):
            for part in PARTS:
                nothing = was.held * 0
                moved = moves.get(part, nothing)
                more = moved if moved.currency == nothing.currency else nothing
                self.same(getattr(was, part) + more, getattr(now, part), f"{part}, {what}")

    @contextmanager
    def unmoved(self, what: str) -> Generator[None, None, None]:
        """Do nothing if no money moves meanwhile, as far as `books` is written."""
        __tracebackhide__ = True
        with self.moving(what):
            yield

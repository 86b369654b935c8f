"""All the deeds of a run, by name: the shop's, its customers', its provider's and its people's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Final

from paysession._domain.entities import Entity
from paysession._domain.session import PaymentSession
from paysession._domain.setup_session import SetupSession
from paysession.testing._simulation import callers, happenings, preparing, shopping
from paysession.testing._simulation.shopper import Shopper

_CLOSED_BY: Final[Mapping[str, type[Entity]]] = MappingProxyType(
    {"expire_sessions": PaymentSession, "expire_setup_sessions": SetupSession}
)
_MAY_EXPIRE: Final = tuple(_CLOSED_BY.values())
_AT_PROVIDER: Final = (
    happenings.refund_made_here,
    happenings.capture_made_here,
    happenings.void_made_here,
    happenings.renamed,
    happenings.authorization_changes,
    happenings.dispute_goes_on,
    happenings.says_the_opposite,
)


def do(shopper: Shopper, deed: str, dice: int) -> None:
    """
    Do one deed, a little later than the one before.

    It has dice of its own, so that a deed which is left out changes no other. One that finds
    nothing to be done to does nothing.
    """
    shopper.throw(dice)
    shopper.driver.wait(timedelta(seconds=shopper.dice.randint(1, 90)))
    happenings.sessions_run_out(shopper.driver.provider)
    DEEDS[deed](shopper)


def customer_acts(shopper: Shopper) -> None:
    """A customer does something at the provider."""
    happenings.customer_acts(shopper.driver.provider)


def provider_decides(shopper: Shopper) -> None:
    """The provider makes up its mind."""
    happenings.decides(shopper.driver.provider)


def provider_acts(shopper: Shopper) -> None:
    """Somebody works at the provider's dashboard, or a bank does."""
    shopper.dice.choice(_AT_PROVIDER)(shopper.driver.provider)


def provider_contradicts_itself(shopper: Shopper) -> None:
    """The provider says of a movement that it has happened, and that it has not."""
    provider = shopper.driver.provider
    if provider.profile.contradicts_itself:
        preparing.takes(shopper)
        preparing.gives_back_calmly(shopper)
        happenings.decides(provider)
        happenings.says_the_opposite(provider)
        shopper.mail.bring(shopper.dice, most=4)


def letters_come(shopper: Shopper) -> None:
    """Some notifications come."""
    shopper.mail.bring(shopper.dice, most=shopper.dice.randint(1, 4))


def recovers(shopper: Shopper) -> None:
    """The backend's cron job runs."""
    driver = shopper.driver
    due = driver.due(_MAY_EXPIRE, limit=100)
    for command, kind in _CLOSED_BY.items():
        if any(isinstance(each, kind) for each in due):
            driver.run(driver.begin("recovery", command, limit=100))
    driver.run(driver.begin("recovery", "recover", limit=100))


def waits(shopper: Shopper) -> None:
    """Minutes, hours or days pass."""
    longest = shopper.dice.choice((5, 60, 600, 3000))
    shopper.driver.wait(timedelta(minutes=shopper.dice.randint(1, longest)))


def leases_end(shopper: Shopper) -> None:
    """Just so much time passes that nobody is at anything any more."""
    shopper.driver.wait(timedelta(minutes=4))


def sessions_end(shopper: Shopper) -> None:
    """Just so much time passes that a session is over, and the cron job runs."""
    open_ones = (each for each in shopper.driver.history.entities(PaymentSession) if each.is_open)
    ends = [each.expires_at for each in open_ones if each.expires_at is not None]
    if ends:
        shopper.driver.wait(max(min(ends) - shopper.driver.now, timedelta(0)))
        recovers(shopper)


def publishes(shopper: Shopper) -> None:
    """Events are handed out."""
    shopper.mail.publish()


def person_decides(shopper: Shopper) -> None:
    """Somebody looks at what is left to people, sooner than need be."""
    shopper.people.decide()


DEEDS: Final[Mapping[str, Callable[[Shopper], None]]] = MappingProxyType(
    {
        deed.__name__: deed
        for deed in (
            shopping.opens_session,
            shopping.completes_session,
            shopping.updates_session,
            shopping.cancels_session,
            shopping.charges,
            shopping.captures,
            shopping.voids,
            shopping.refunds,
            shopping.moves_despite,
            shopping.cancels_refund,
            shopping.opens_setup_session,
            shopping.completes_setup_session,
            shopping.cancels_setup_session,
            shopping.abandons_payment,
            shopping.restates_payable,
            preparing.checks_out,
            preparing.holds,
            preparing.takes,
            preparing.is_declined,
            preparing.gives_back_slowly,
            preparing.gives_back_calmly,
            callers.repeats,
            callers.mixes_up_keys,
            callers.passes_odd_amount,
            callers.passes_odd_text,
            callers.passes_odd_json,
            customer_acts,
            provider_decides,
            provider_acts,
            provider_contradicts_itself,
            letters_come,
            recovers,
            waits,
            leases_end,
            sessions_end,
            publishes,
            person_decides,
        )
    }
)
"""All that can be done, by name."""

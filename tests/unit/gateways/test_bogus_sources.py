"""The provider in memory: setup sessions, sources that it keeps, customers and its page."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import attrs
import pytest
from gateway_builders import (
    HUNDRED,
    NOON,
    charge,
    complete,
    complete_setup,
    create,
    create_setup,
    fact,
    source,
    terms,
    the,
)

from paysession import CreditCard, Payable, PaymentMethod, Payments, StoredSource
from paysession._domain.failures import FailureCode
from paysession._domain.limits import holds_card_number
from paysession.errors import GatewayUnreachable, UnsafeInput
from paysession.gateways import BogusGateway, CreateSessionRequest
from paysession.lifecycles import SetupSessionStatus
from paysession.outcomes import (
    Accepted,
    ActionRequired,
    Authorized,
    Canceled,
    Captured,
    Declined,
    Ends,
    Expired,
    Pending,
    Profile,
    Redirect,
    ReferenceRole,
    References,
    Rejected,
    Stored,
)

CARD = PaymentMethod(id="pm_1", name="Card", gateway="bogus", source_required=False)


@pytest.fixture
def gateway() -> BogusGateway:
    return BogusGateway(clock=lambda: NOON)


def opened(gateway: BogusGateway, token: str | None = None) -> References:
    return the(Accepted, gateway.create_setup_session(create_setup(token=token))).references


def saving(policy: str = "manual", **more: object) -> CreateSessionRequest:
    return attrs.evolve(create(), terms=terms(policy, save_source=True, **more))


# Setup sessions


def test_a_setup_session_is_a_function_of_its_key(gateway: BogusGateway) -> None:
    answer = the(Accepted, gateway.create_setup_session(create_setup(expires_at=NOON)))
    assert answer == BogusGateway().create_setup_session(create_setup(expires_at=NOON))
    assert (answer.references.get(ReferenceRole.SESSION) or "").startswith("bogus_setup_")
    assert NOON == answer.expires_at
    assert answer.client_data is not None
    assert answer.next_action is None


def test_completing_a_setup_session_stores_a_plausible_card(gateway: BogusGateway) -> None:
    setup = opened(gateway)
    stored = the(Stored, gateway.complete_setup_session(complete_setup(setup)))
    card = stored.profile.as_source("src_1")
    assert isinstance(card, CreditCard)
    assert ("visa", "4242", 12, 2034) == (card.brand, card.last4, card.month, card.year)
    assert card.profile_id is not None
    assert setup == stored.references
    assert () == gateway.effects


def test_two_setup_sessions_store_two_sources(gateway: BogusGateway) -> None:
    sessions = [
        gateway.create_setup_session(create_setup(key)).references for key in ("one", "two")
    ]
    stored = [
        gateway.complete_setup_session(complete_setup(each, f"complete_{number}"))
        for number, each in enumerate(sessions)
    ]
    assert 2 == len({the(Stored, each).profile.id for each in stored})


def test_completing_a_completed_setup_session_stores_nothing_more(gateway: BogusGateway) -> None:
    setup = opened(gateway)
    first = gateway.complete_setup_session(complete_setup(setup))
    assert first == gateway.complete_setup_session(complete_setup(setup, "again"))


def test_no_id_that_it_makes_up_reads_like_a_card_number(gateway: BogusGateway) -> None:
    keys = [f"key-{number}" for number in range(200)]
    profiles = [attrs.evolve(saving("automatic"), key=key) for key in keys]
    ids = [gateway.create_session(each).references.get(ReferenceRole.SESSION) for each in profiles]
    for session in ids:
        answer = gateway.complete_session(complete(References.of(session=session), f"c-{session}"))
        profile = the(Captured, answer).profile
        assert profile is not None
        assert not holds_card_number(profile.id or "")


@pytest.mark.parametrize("code", FailureCode)
def test_storing_may_be_declined(gateway: BogusGateway, code: FailureCode) -> None:
    setup = opened(gateway, BogusGateway.token(complete_setup=f"decline:{code}"))
    declined = the(Declined, gateway.complete_setup_session(complete_setup(setup)))
    assert (code, Ends.ATTEMPT) == (declined.failure.code, declined.ends)


def test_after_a_decline_the_browser_may_bring_another_token(gateway: BogusGateway) -> None:
    setup = opened(gateway, BogusGateway.token(complete_setup="decline:expired_card"))
    the(Declined, gateway.complete_setup_session(complete_setup(setup)))
    again = complete_setup(setup, "again", brought={"token": "approve"})
    the(Stored, gateway.complete_setup_session(again))


@pytest.mark.parametrize("brought", ["approve", {}, {"token": 1}])
def test_what_names_no_token_leaves_the_script_as_it_is(
    gateway: BogusGateway, brought: str | dict[str, object]
) -> None:
    setup = opened(gateway, BogusGateway.token(complete_setup="decline:expired_card"))
    the(Declined, gateway.complete_setup_session(complete_setup(setup, brought=brought)))


def test_a_decline_may_end_the_setup_session(gateway: BogusGateway) -> None:
    setup = opened(gateway, BogusGateway.token(complete_setup="end:suspected_fraud"))
    assert Ends.OBJECT is the(Declined, gateway.complete_setup_session(complete_setup(setup))).ends
    again = complete_setup(setup, "again", brought={"token": "approve"})
    the(Canceled, gateway.complete_setup_session(again))


def test_the_customer_may_have_to_act_before_a_card_is_stored(gateway: BogusGateway) -> None:
    setup = opened(gateway, BogusGateway.token(complete_setup="require_action"))
    the(ActionRequired, gateway.complete_setup_session(complete_setup(setup)))
    the(Stored, gateway.complete_setup_session(complete_setup(setup, "next")))


def test_the_customer_may_have_to_act_before_a_setup_session_opens(gateway: BogusGateway) -> None:
    request = create_setup(token=BogusGateway.token(create_setup="require_action"))
    asked = the(ActionRequired, gateway.create_setup_session(request))
    the(Stored, gateway.complete_setup_session(complete_setup(asked.references)))


def test_storing_may_be_pending_and_then_succeed(gateway: BogusGateway) -> None:
    setup = opened(gateway, BogusGateway.token(complete_setup="pending"))
    request = complete_setup(setup)
    the(Pending, gateway.complete_setup_session(request))
    gateway.let_pending_succeed()
    the(Stored, fact(gateway, request))


def test_opening_may_be_pending_and_then_fail(gateway: BogusGateway) -> None:
    request = create_setup(token=BogusGateway.token(create_setup="pending"))
    setup = the(Pending, gateway.create_setup_session(request)).references
    gateway.let_pending_fail()
    assert Ends.OBJECT is the(Declined, fact(gateway, request)).ends
    the(Canceled, gateway.complete_setup_session(complete_setup(setup)))


@pytest.mark.parametrize(("how", "kind"), [("cancel", Canceled), ("expire", Expired)])
def test_a_setup_session_may_turn_out_to_be_closed(
    gateway: BogusGateway, how: str, kind: type[Canceled | Expired]
) -> None:
    setup = opened(gateway, BogusGateway.token(complete_setup=how))
    closed = the(kind, gateway.complete_setup_session(complete_setup(setup)))
    assert closed == gateway.complete_setup_session(complete_setup(setup, "again"))


def test_an_answer_may_be_lost_after_the_card_was_stored(gateway: BogusGateway) -> None:
    setup = opened(gateway, BogusGateway.token(complete_setup="timeout_after"))
    request = complete_setup(setup)
    with pytest.raises(TimeoutError):
        gateway.complete_setup_session(request)
    assert the(Stored, fact(gateway, request)) == gateway.complete_setup_session(request)


@pytest.mark.parametrize("how", ["unreachable", "unreachable_always"])
def test_a_setup_session_may_be_out_of_reach(gateway: BogusGateway, how: str) -> None:
    request = create_setup(token=BogusGateway.token(create_setup=how))
    with pytest.raises(GatewayUnreachable):
        gateway.create_setup_session(request)


@pytest.mark.parametrize("how", ["partial", "more", "other_currency"])
def test_what_takes_no_money_takes_no_other_amount(how: str) -> None:
    with pytest.raises(UnsafeInput):
        BogusGateway.token(complete_setup=how)


def test_a_setup_session_and_a_session_are_not_the_same_thing(gateway: BogusGateway) -> None:
    setup = opened(gateway)
    session = gateway.create_session(create()).references
    assert (
        "no_such_object"
        == the(Rejected, gateway.complete_session(complete(setup))).failure.raw_code
    )
    answer = gateway.complete_setup_session(complete_setup(session))
    assert "no_such_object" == the(Rejected, answer).failure.raw_code


def test_a_setup_session_end_to_end() -> None:
    gateway = BogusGateway()
    payments = Payments({"bogus": gateway})
    token = BogusGateway.token(complete_setup="decline:expired_card")
    setup = payments.create_setup_session(CARD, customer_id="cus_1", external_data={"token": token})
    setup = payments.complete_setup_session(setup.id)
    assert setup.failure is not None
    assert FailureCode.EXPIRED_CARD is setup.failure.code
    setup = payments.complete_setup_session(setup.id, external_data={"token": "approve"})
    assert SetupSessionStatus.COMPLETED is setup.status
    assert isinstance(setup.source, CreditCard)
    request = attrs.evolve(charge(policy="automatic"), source=setup.source)
    the(Captured, gateway.charge(request))


@pytest.mark.parametrize("how", ["timeout_after", "timeout_before", "broken", "pending"])
def test_recovery_finds_out_whether_a_card_was_stored(how: str) -> None:
    now = [NOON]
    gateway = BogusGateway(clock=lambda: now[0])
    payments = Payments({"bogus": gateway}, clock=lambda: now[0])
    token = BogusGateway.token(complete_setup=how)
    setup = payments.create_setup_session(CARD, external_data={"token": token})
    assert SetupSessionStatus.PROCESSING is payments.complete_setup_session(setup.id).status
    gateway.let_pending_succeed()
    now[0] += timedelta(hours=1)
    payments.recover()
    assert payments.get_setup_session(setup.id).succeeded


# Sources that are kept


@pytest.mark.parametrize(("policy", "kind"), [("manual", Authorized), ("automatic", Captured)])
def test_a_session_that_saves_the_source_tells_of_it(
    gateway: BogusGateway, policy: str, kind: type[Authorized | Captured]
) -> None:
    session = gateway.create_session(saving(policy)).references
    paid = the(kind, gateway.complete_session(complete(session)))
    assert isinstance(paid.profile, Profile)
    stored = StoredSource(id="src_1", profile_id=paid.profile.id)
    later = attrs.evolve(charge(policy="automatic"), source=stored)
    assert HUNDRED == the(Captured, gateway.charge(later)).amount


def test_a_source_that_a_session_saved_is_charged_for_the_next_order() -> None:
    gateway = BogusGateway()
    payments = Payments({"bogus": gateway})
    first, next_one = (Payable(f"or_{number}", total=HUNDRED) for number in (1, 2))
    session = payments.create_session(first, method=CARD, save_source=True)
    saved = payments.complete_session(session.id).source
    assert isinstance(saved, CreditCard)
    assert payments.charge(next_one, method=CARD, source=saved).succeeded
    assert HUNDRED * 2 == gateway.taken("USD")


def test_a_session_that_saves_nothing_tells_of_no_source(gateway: BogusGateway) -> None:
    session = gateway.create_session(create()).references
    assert the(Authorized, gateway.complete_session(complete(session))).profile is None


# Customers


def test_a_customer_who_is_named_has_an_id_at_the_provider(gateway: BogusGateway) -> None:
    one, again = (
        attrs.evolve(create(key), terms=terms(customer_id="cus_1")) for key in ("one", "two")
    )
    other = attrs.evolve(charge(), terms=terms(customer_id="cus_2"))
    ids = [
        gateway.create_session(one).references.get(ReferenceRole.CUSTOMER),
        gateway.create_session(again).references.get(ReferenceRole.CUSTOMER),
        gateway.charge(other).references.get(ReferenceRole.CUSTOMER),
    ]
    assert ids[0] == ids[1] != ids[2]
    assert all((each or "").startswith("bogus_cus_") for each in ids)


def test_a_customer_whom_the_provider_knows_keeps_the_id(gateway: BogusGateway) -> None:
    request = create_setup(customer_id="cus_1", customer_external_id="their_7")
    references = gateway.create_setup_session(request).references
    assert "their_7" == references.get(ReferenceRole.CUSTOMER)


def test_nobody_in_particular_has_no_id(gateway: BogusGateway) -> None:
    assert opened(gateway).get(ReferenceRole.CUSTOMER) is None


def test_a_customers_id_names_no_session(gateway: BogusGateway) -> None:
    of_customer = terms(customer_id="cus_1")
    first = gateway.create_session(attrs.evolve(create("one"), terms=of_customer)).references
    gateway.create_session(attrs.evolve(create("two"), terms=of_customer))
    paid = gateway.complete_session(complete(first)).references
    assert first.get(ReferenceRole.SESSION) == paid.get(ReferenceRole.SESSION)


# Its page


def test_the_hosted_page_is_told_where_to_send_the_browser(gateway: BogusGateway) -> None:
    back = {"return_url": "https://shop.example/thanks?a=1", "cancel_url": "https://shop.example/"}
    request = attrs.evolve(create(), terms=terms(hosted=True, **back))
    answer = the(Accepted, gateway.create_session(request))
    assert isinstance(answer.next_action, Redirect)
    address = answer.next_action.url.reveal()
    assert isinstance(address, str)
    assert address.startswith("https://bogus.example/checkout/bogus_")
    assert {key: [url] for key, url in back.items()} == parse_qs(urlsplit(address).query)


def test_an_embedded_session_sends_the_browser_nowhere(gateway: BogusGateway) -> None:
    request = attrs.evolve(create(), source=source(None))
    assert the(Accepted, gateway.create_session(request)).next_action is None

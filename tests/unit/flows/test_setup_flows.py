"""Storing a source: open a setup session, complete it, give it up, let it expire."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, cast

import pytest
from flow_builders import CARD, DECLINE, NOW, ScriptedGateway, Shop, seen

from paysession import SetupSession
from paysession._domain.attempts import SetupAttempt
from paysession._domain.secrets import ClientData
from paysession._domain.sources import CreditCard, Profile, StoredSource
from paysession.errors import (
    ExpiredSession,
    GatewayUnreachable,
    IllegalTransition,
    MethodUnavailable,
    NotFound,
    OperationUnresolved,
    OutcomeUnknown,
    UnsafeInput,
    Unsupported,
)
from paysession.gateways import Capabilities, Gateway
from paysession.gateways.requests import (
    CompleteSetupSessionRequest,
    CreateSetupSessionRequest,
    Request,
)
from paysession.lifecycles import OperationStatus, SetupSessionStatus
from paysession.outcomes import (
    Accepted,
    ActionRequired,
    Declined,
    Ends,
    Pending,
    Redirect,
    ReferenceRole,
    References,
    Stored,
)
from paysession.stores import Changes

VISA = Profile(id="tok_1", brand="visa", last4="4242", month=12, year=2030)
CHALLENGE = ActionRequired(Redirect(ClientData("https://bank.test/3ds")))
HINT = {"nonce": "n_1"}


class StoringGateway(ScriptedGateway):
    """Stores a source at once, unless a test tells it something else."""

    def create_setup_session(self, request: CreateSetupSessionRequest) -> Any:
        return self._answer(request) or _accepted(request)

    def complete_setup_session(self, request: CompleteSetupSessionRequest) -> Any:
        return self._answer(request) or Stored(VISA)


class OpeningGateway(StoringGateway):
    """Opens setup sessions, and completes none."""

    complete_setup_session = Gateway.complete_setup_session


class BlindGateway(StoringGateway):
    """Cannot be asked what became of a call."""

    look_up = Gateway.look_up


def _accepted(request: CreateSetupSessionRequest) -> Accepted:
    return Accepted(
        references=References.of(session=f"seti_{request.setup_session_id}"),
        client_data=ClientData({"secret": "s_1"}),
    )


def shop_of(gateway: StoringGateway | None = None, /, **answers: object) -> Shop[StoringGateway]:
    shop = Shop(gateway or StoringGateway(Capabilities(look_up_is_authoritative=True)))
    for method, answer in answers.items():
        shop.gateway.then(method, answer)
    return shop


def opened(shop: Shop[Any], *, minutes: int | None = None, **kwargs: Any) -> SetupSession:
    expires_at = None if minutes is None else shop.clock.now + timedelta(minutes=minutes)
    return shop.payments.create_setup_session(CARD, expires_at=expires_at, **kwargs)


def attempt_of(shop: Shop[Any], session: SetupSession) -> SetupAttempt:
    """The newest attempt of a setup session, as it is stored."""
    newest = shop.payments.get_setup_session(session.id).attempt_id
    found = shop.store.get(SetupAttempt, newest, tenant="")
    assert found is not None
    return found


def meanwhile(shop: Shop[Any], monkeypatch: pytest.MonkeyPatch, then: Callable[[], object]) -> None:
    """Just before the next commit, somebody else does something."""
    commit = shop.store.commit

    def be_beaten(changes: Changes) -> None:
        monkeypatch.undo()
        then()
        commit(changes)

    monkeypatch.setattr(shop.store, "commit", be_beaten)


def test_a_source_is_stored() -> None:
    shop = shop_of()
    session = opened(shop, customer_id="customer_1", metadata={"from": "account page"})
    assert (SetupSessionStatus.PENDING, f"seti_{session.id}") == (
        session.status,
        session.external_id,
    )

    session = shop.payments.complete_setup_session(session.id, external_data=HINT)

    assert isinstance(session.source, CreditCard)
    assert (True, "tok_1", None) == (
        session.succeeded,
        session.source.profile_id,
        session.client_data,
    )
    assert session == shop.payments.get_setup_session(session.id)


def test_the_provider_is_told_what_the_setup_session_is_for() -> None:
    shop = shop_of()
    session = opened(
        shop,
        minutes=30,
        customer_id="customer_1",
        customer_external_id="cus_1",
        return_url="https://shop.test/back",
        cancel_url="https://shop.test/cart",
        external_data=HINT,
    )
    shop.payments.complete_setup_session(session.id, external_data={"result": "ok"})
    create, complete = shop.gateway.calls
    assert isinstance(create, CreateSetupSessionRequest)
    assert isinstance(complete, CompleteSetupSessionRequest)
    assert session.terms == create.terms == complete.terms
    assert ("customer_1", "cus_1", NOW + timedelta(minutes=30)) == (
        session.customer_id,
        session.terms.customer_external_id,
        session.expires_at,
    )
    assert create.external_data is not None
    assert complete.external_data is not None
    assert (HINT, {"result": "ok"}) == (
        create.external_data.reveal(),
        complete.external_data.reveal(),
    )
    assert f"seti_{session.id}" == complete.references.get(ReferenceRole.SESSION)


BAD_TERMS: dict[str, Any] = {
    "customer_id": "4111111111111111",
    "customer_external_id": "cus 1\x00",
    "return_url": "javascript:alert(1)",
    "cancel_url": "http://shop.test",
    "expires_at": NOW,
    "metadata": {"note": "a\0b"},
    "external_data": {"card": "4111 1111 1111 1111"},
}


@pytest.mark.parametrize("name", BAD_TERMS)
def test_unsafe_terms_are_refused_and_nothing_is_written(name: str) -> None:
    shop = shop_of()
    before = shop.snapshot()
    with pytest.raises(UnsafeInput):
        shop.payments.create_setup_session(CARD, **{name: BAD_TERMS[name]})
    assert (before, []) == (shop.snapshot(), shop.gateway.calls)


def test_what_is_no_payment_method_is_refused() -> None:
    with pytest.raises(TypeError, match="method must be PaymentMethod"):
        shop_of().payments.create_setup_session(cast("Any", "card"))


def test_a_gateway_that_stores_no_sources_refuses_before_anything_is_written() -> None:
    shop = Shop(ScriptedGateway())
    before = shop.snapshot()
    with pytest.raises(Unsupported):
        shop.payments.create_setup_session(CARD)
    shop.gateways.clear()
    with pytest.raises(MethodUnavailable):
        shop.payments.create_setup_session(CARD)
    assert before == shop.snapshot()


def test_a_gateway_that_opens_and_does_not_complete_refuses_to_complete() -> None:
    shop = shop_of(OpeningGateway())
    session = opened(shop)
    before = shop.snapshot()
    with pytest.raises(Unsupported):
        shop.payments.complete_setup_session(session.id)
    assert before == shop.snapshot()
    shop.payments.cancel_setup_session(session.id)


def test_there_must_be_such_a_setup_session() -> None:
    for command in ("complete_setup_session", "cancel_setup_session", "get_setup_session"):
        with pytest.raises(NotFound, match="setup session"):
            getattr(shop_of().payments, command)("pss_9")


def test_creation_may_store_the_source_at_once() -> None:
    shop = shop_of(create_setup_session=Stored(VISA))
    session = opened(shop)
    assert session.succeeded
    assert session == shop.payments.complete_setup_session(session.id)
    assert ["create_setup_session"] == shop.gateway.methods


def test_an_unreachable_provider_fails_a_new_setup_session() -> None:
    shop = shop_of(create_setup_session=GatewayUnreachable("refused"))
    with pytest.raises(GatewayUnreachable):
        opened(shop)
    (session,) = [each for each in shop.store.entities() if isinstance(each, SetupSession)]
    assert SetupSessionStatus.FAILED is session.status


def test_a_decline_leads_back_to_pending_and_another_card_is_stored() -> None:
    shop = shop_of(complete_setup_session=Declined(DECLINE))
    session = shop.payments.complete_setup_session(opened(shop).id)
    assert (SetupSessionStatus.PENDING, DECLINE) == (session.status, session.failure)
    session = shop.payments.complete_setup_session(session.id)
    assert (True, None) == (session.succeeded, session.failure)


def test_a_decline_that_ends_the_object_leaves_nothing_to_complete() -> None:
    shop = shop_of(complete_setup_session=Declined(DECLINE, Ends.OBJECT))
    session = shop.payments.complete_setup_session(opened(shop).id)
    assert SetupSessionStatus.FAILED is session.status
    before = shop.snapshot()
    for command in (shop.payments.complete_setup_session, shop.payments.cancel_setup_session):
        with pytest.raises(IllegalTransition):
            command(session.id)
    assert before == shop.snapshot()


def test_a_customer_comes_back_from_a_challenge() -> None:
    shop = shop_of(complete_setup_session=CHALLENGE)
    session = shop.payments.complete_setup_session(opened(shop).id)
    assert SetupSessionStatus.REQUIRES_ACTION is session.status
    waiting = attempt_of(shop, session)
    session = shop.payments.complete_setup_session(session.id, external_data={"result": "ok"})
    assert (True, ()) == (session.succeeded, session.open_attempts)
    superseded = shop.store.get(SetupAttempt, waiting.id, tenant="")
    assert superseded is not None
    assert OperationStatus.CANCELED is superseded.status


def test_a_lost_answer_is_looked_up_before_another_call_is_made() -> None:
    shop = shop_of(create_setup_session=TimeoutError())
    session = opened(shop)
    assert SetupSessionStatus.PENDING is session.status
    shop.clock.forward(minutes=2)
    shop.gateway.then("look_up", seen(Accepted(references=References.of(session="seti_1"))))
    session = shop.payments.complete_setup_session(session.id)
    assert (True, "seti_1") == (session.succeeded, session.external_id)
    assert ["create_setup_session", "look_up", "complete_setup_session"] == shop.gateway.methods


def test_a_lost_completion_is_resolved_and_never_asked_a_second_time() -> None:
    shop = shop_of(complete_setup_session=TimeoutError())
    session = opened(shop)
    session = shop.payments.complete_setup_session(session.id)
    assert SetupSessionStatus.PROCESSING is session.status
    shop.gateway.then("look_up", seen(Stored(VISA)))
    session = shop.payments.complete_setup_session(session.id)
    assert session.succeeded
    assert 1 == shop.gateway.methods.count("complete_setup_session")


def test_a_secret_is_never_sent_twice() -> None:
    shop = shop_of(create_setup_session=TimeoutError(), complete_setup_session=TimeoutError())
    session = opened(shop, external_data=HINT)
    for _ in range(40):
        shop.clock.forward(minutes=30)
        shop.payments.recover()
    assert SetupSessionStatus.FAILED is shop.payments.get_setup_session(session.id).status
    assert 1 == shop.gateway.methods.count("create_setup_session")
    assert None is attempt_of(shop, session).external_data


def test_without_a_secret_a_lost_call_is_made_again_with_the_same_key() -> None:
    shop = shop_of(complete_setup_session=TimeoutError())
    session = shop.payments.complete_setup_session(opened(shop).id)
    shop.clock.forward(minutes=2)
    (operation,) = shop.payments.recover()
    assert OperationStatus.SUCCEEDED is operation.status
    assert shop.payments.get_setup_session(session.id).succeeded
    first, again = (each for each in shop.gateway.calls if each.method == "complete_setup_session")
    assert first == again


def test_what_nobody_can_look_up_is_left_to_a_person() -> None:
    shop = shop_of(
        BlindGateway(Capabilities(honours_keys=False)), complete_setup_session=TimeoutError()
    )
    session = shop.payments.complete_setup_session(opened(shop).id)
    shop.clock.forward(hours=30)
    shop.payments.recover()
    attempt = attempt_of(shop, session)
    assert (attempt,) == shop.store.attention(limit=10, tenant="")
    assert "SetupAttempt" == type(attempt).__name__
    before = shop.snapshot()
    with pytest.raises(OperationUnresolved, match=attempt.id):
        shop.payments.cancel_setup_session(session.id)
    assert before == shop.snapshot()


def test_a_setup_session_that_is_processed_cannot_be_canceled_yet() -> None:
    shop = shop_of(complete_setup_session=Pending())
    session = shop.payments.complete_setup_session(opened(shop).id)
    shop.clock.forward(minutes=5)
    shop.gateway.then("look_up", seen(Pending()))
    with pytest.raises(OperationUnresolved):
        shop.payments.cancel_setup_session(session.id)
    assert session.status is shop.payments.get_setup_session(session.id).status


def test_it_is_canceled_once_and_what_is_stored_all_the_same_is_kept() -> None:
    shop = shop_of(complete_setup_session=CHALLENGE)
    session = shop.payments.complete_setup_session(opened(shop).id)
    canceled = shop.payments.cancel_setup_session(session.id)
    assert (SetupSessionStatus.CANCELED, ()) == (canceled.status, canceled.open_attempts)
    assert canceled == shop.payments.cancel_setup_session(session.id)
    with pytest.raises(IllegalTransition):
        shop.payments.complete_setup_session(session.id)


def test_a_source_that_was_stored_meanwhile_is_found_before_it_is_canceled() -> None:
    shop = shop_of()
    session = opened(shop)
    shop.gateway.then("look_up", seen(Stored(VISA)))
    session = shop.payments.cancel_setup_session(session.id)
    assert (True, "tok_1") == (session.succeeded, session.source and session.source.profile_id)


@pytest.mark.parametrize("answer", [TimeoutError(), GatewayUnreachable("refused")])
def test_a_provider_that_does_not_say_is_not_waited_for(answer: Exception) -> None:
    shop = shop_of(look_up=answer)
    session = shop.payments.cancel_setup_session(opened(shop).id)
    assert SetupSessionStatus.CANCELED is session.status


def test_it_may_be_canceled_when_its_gateway_is_gone() -> None:
    shop = shop_of()
    session = opened(shop)
    shop.gateways.clear()
    assert SetupSessionStatus.CANCELED is shop.payments.cancel_setup_session(session.id).status


def test_of_two_who_cancel_at_once_both_see_it_canceled(monkeypatch: pytest.MonkeyPatch) -> None:
    shop = shop_of()
    session = opened(shop)
    meanwhile(shop, monkeypatch, lambda: shop.payments.cancel_setup_session(session.id))
    canceled = shop.payments.cancel_setup_session(session.id)
    assert SetupSessionStatus.CANCELED is canceled.status
    names = [type(each.event).__name__ for each in shop.store.unpublished(limit=99, tenant="")]
    assert 1 == names.count("SetupSessionCanceled")


def test_what_was_completed_at_the_last_moment_is_not_canceled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shop = shop_of()
    session = opened(shop)
    meanwhile(shop, monkeypatch, lambda: shop.payments.complete_setup_session(session.id))
    with pytest.raises(IllegalTransition):
        shop.payments.cancel_setup_session(session.id)
    assert shop.payments.get_setup_session(session.id).succeeded


def test_what_was_asked_for_at_the_last_moment_is_not_canceled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shop = shop_of(complete_setup_session=Pending())
    session = opened(shop)
    meanwhile(shop, monkeypatch, lambda: shop.payments.complete_setup_session(session.id))
    with pytest.raises(OperationUnresolved):
        shop.payments.cancel_setup_session(session.id)
    assert SetupSessionStatus.PROCESSING is shop.payments.get_setup_session(session.id).status


@pytest.mark.parametrize("answer", [Stored(VISA), Pending()])
def test_of_two_who_complete_at_once_one_asks(
    answer: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = shop_of(complete_setup_session=answer)
    session = opened(shop)
    meanwhile(shop, monkeypatch, lambda: shop.payments.complete_setup_session(session.id))
    completed = shop.payments.complete_setup_session(session.id)
    assert completed == shop.payments.get_setup_session(session.id)
    assert 1 == shop.gateway.methods.count("complete_setup_session")


def test_it_expires_when_its_time_is_over() -> None:
    shop = shop_of()
    session, other = opened(shop, minutes=30), opened(shop)
    assert () == shop.payments.expire_setup_sessions()
    shop.clock.forward(minutes=31)
    with pytest.raises(ExpiredSession):
        shop.payments.complete_setup_session(session.id)
    (expired,) = shop.payments.expire_setup_sessions()
    assert (session.id, SetupSessionStatus.EXPIRED) == (expired.id, expired.status)
    assert () == shop.payments.expire_setup_sessions()
    assert shop.payments.get_setup_session(other.id).is_open


def test_what_was_stored_at_the_provider_is_completed_and_does_not_expire() -> None:
    shop = shop_of(complete_setup_session=CHALLENGE)
    session = shop.payments.complete_setup_session(opened(shop, minutes=30).id)
    shop.clock.forward(minutes=31)
    shop.gateway.then("look_up", seen(Stored(VISA)))
    (after,) = shop.payments.expire_setup_sessions()
    assert (session.id, True) == (after.id, after.succeeded)


def test_its_expiry_is_tried_again_later_when_its_creation_is_unknown() -> None:
    shop = shop_of(create_setup_session=TimeoutError(), look_up=TimeoutError())
    opened(shop, minutes=30)
    shop.clock.forward(minutes=31)
    (waiting,) = shop.payments.expire_setup_sessions()
    assert (SetupSessionStatus.PENDING, shop.clock.now + timedelta(minutes=5)) == (
        waiting.status,
        waiting.due_at,
    )
    shop.clock.forward(minutes=6)
    (expired,) = shop.payments.expire_setup_sessions()
    assert SetupSessionStatus.EXPIRED is expired.status


def test_what_was_completed_while_it_was_to_be_postponed_is_not_postponed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shop = shop_of(create_setup_session=TimeoutError(), look_up=TimeoutError())
    session = opened(shop, minutes=30)
    shop.clock.forward(minutes=31)
    commit = shop.store.commit

    def be_beaten(changes: Changes) -> None:
        if not any(type(each.event).__name__ == POSTPONED for each in changes.events):
            return commit(changes)
        monkeypatch.undo()
        shop.clock.forward(minutes=5)
        shop.gateway.then("look_up", seen(Stored(VISA)))
        shop.payments.recover()
        return commit(changes)

    monkeypatch.setattr(shop.store, "commit", be_beaten)
    (after,) = shop.payments.expire_setup_sessions()
    assert (session.id, True) == (after.id, after.succeeded)
    names = [type(each.event).__name__ for each in shop.store.unpublished(limit=99, tenant="")]
    assert POSTPONED not in names


POSTPONED = "SetupSessionExpiryPostponed"


def test_recovery_finds_what_a_customer_stored_and_nobody_told_of() -> None:
    shop = shop_of(complete_setup_session=CHALLENGE)
    session = shop.payments.complete_setup_session(opened(shop).id)
    shop.gateway.then("look_up", seen(Stored(VISA)))
    shop.clock.forward(hours=1)
    shop.payments.recover()
    assert shop.payments.get_setup_session(session.id).succeeded


def test_one_provider_id_names_the_first_setup_session_that_had_it() -> None:
    accepted = Accepted(references=References.of(session="seti_1"))
    shop = shop_of(create_setup_session=accepted)
    shop.gateway.then("create_setup_session", accepted)
    first, second = opened(shop), opened(shop)
    assert "seti_1" == first.external_id == second.external_id
    claim = shop.store.claimed("reference:bogus:session", "seti_1", tenant="")
    assert claim is not None
    assert ("setup_session", first.id) == (claim.kind, claim.id)


def test_a_store_that_fails_after_the_call_leaves_the_outcome_unknown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shop = shop_of()
    session = opened(shop)
    get = shop.store.get

    def broken(kind: Any, id: str, *, tenant: str) -> Any:  # noqa: A002
        found = get(kind, id, tenant=tenant)
        if isinstance(found, SetupSession) and found.succeeded:
            raise OSError("connection lost")
        return found

    monkeypatch.setattr(shop.store, "get", broken)
    with pytest.raises(OutcomeUnknown) as unknown:
        shop.payments.complete_setup_session(session.id)
    monkeypatch.undo()
    assert attempt_of(shop, session).id == unknown.value.operation_id
    assert shop.payments.get_setup_session(session.id).succeeded


def test_what_is_stored_can_be_named_by_what_only_the_provider_knows() -> None:
    shop = shop_of(complete_setup_session=Stored(Profile(id="mandate_1")))
    session = shop.payments.complete_setup_session(opened(shop).id)
    assert isinstance(session.source, StoredSource)
    assert "mandate_1" == session.source.profile_id


def test_requests_are_a_function_of_what_was_committed() -> None:
    shop = shop_of()
    session = shop.payments.complete_setup_session(opened(shop).id)
    last: Request[Any] = shop.gateway.calls[-1]
    attempt = attempt_of(shop, session)
    assert (attempt.id, attempt.id) == (last.key, last.operation_id)


def test_the_provider_s_id_of_the_customer_is_the_one_it_told_or_else_was_told() -> None:
    told = Accepted(references=References.of(session="seti_1", customer="cus_9"))
    shop = shop_of(create_setup_session=told)

    assert "cus_9" == opened(shop, customer_external_id="cus_1").customer_external_id
    assert "cus_1" == opened(shop, customer_external_id="cus_1").customer_external_id

"""Laws of tenants: none sees another, and none disturbs another."""

from __future__ import annotations

from paysession.testing._stores.bench import Bench
from paysession.testing._stores.law import law
from paysession.testing._stores.subjects import account, changed, claim, every_kind_in_brief
from paysession.testing._stores.trials import Trial

_LONG = "shop-" + "x" * 248
_TENANTS = ("", "theirs", "THEIRS", " ", f"{_LONG}\u00e9", f"{_LONG}e\u0301")
"""Of them two differ in their capitals only, and two in how their last letter is composed, at the
end of the 255 characters that a tenant may have."""


@law(
    "TEN-1",
    "tenants never see one another, though their ids and claims be the same",
    reason="one shop's money is nobody else's business",
    source="I36",
    about="get",
)
def tenants_do_not_see_one_another(bench: Bench) -> Trial[None]:
    for owner in ("", "theirs", _TENANTS[-2]):
        yield from _only_its_owner_sees(bench, owner)
    store, theirs = (yield from bench.store()), every_kind_in_brief(tenant="theirs")
    rival = claim("key", id="ps_2")
    yield from store.commit(*every_kind_in_brief(), claims=[claim("key")])
    yield from store.commit(*theirs, tenant="theirs", claims=[rival])
    shown = yield from store.shown(theirs, [rival], tenant="theirs")
    capitals = every_kind_in_brief(tenant="THEIRS")
    yield from store.commit(*capitals, tenant="THEIRS", claims=[rival])
    for one in theirs:
        bench.same(one.committed(), (yield from store.held(one)), "what is theirs")
    after = yield from store.shown(theirs, [rival], tenant="theirs")
    bench.unchanged(shown, after, "after another tenant's commit")


def _only_its_owner_sees(bench: Bench, owner: str) -> Trial[None]:
    store, key = (yield from bench.store()), claim("key")
    entities = every_kind_in_brief(tenant=owner)
    yield from store.commit(*entities, tenant=owner, claims=[key])
    for tenant in _TENANTS:
        if tenant != owner:
            for name, shown in (yield from store.shown(entities, [key], tenant=tenant)).items():
                bench.nothing(shown, f"{name} of tenant {owner!r}, shown to tenant {tenant!r}")


@law(
    "TEN-2",
    "tenants never disturb one another",
    reason="what one shop has published, released or changed is still to be done by the other",
    source="I36",
    about="mark_published",
)
def tenants_do_not_disturb_one_another(bench: Bench) -> Trial[None]:
    store, key = (yield from bench.store()), claim("key")
    ours, theirs = every_kind_in_brief(), every_kind_in_brief(tenant="theirs")
    yield from store.commit(*ours, claims=[key])
    yield from store.commit(*theirs, tenant="theirs", claims=[key])
    before = yield from store.shown(ours, [key])
    told = yield from store.unpublished()
    yield from store.mark_published(told, tenant="theirs")
    told = yield from store.unpublished(tenant="theirs")
    bench.same((), told, "the outbox of the other tenant, whose events have the same ids")
    newer = changed((yield from store.held(account("payable_account_1", tenant="theirs"))))
    yield from store.commit(newer, tenant="theirs", released=[key])
    bench.unchanged(before, (yield from store.shown(ours, [key])), "after the other's doings")

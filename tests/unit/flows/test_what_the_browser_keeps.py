"""What a customer's browser was given stays until the provider gives it something else."""

from __future__ import annotations

import pytest
from test_setup_flows import opened, shop_of

from paysession._domain.secrets import ClientData
from paysession.outcomes import ActionRequired, UseSdk


@pytest.mark.parametrize(
    ("told", "kept"), [(None, {"secret": "s_1"}), ({"secret": "s_2"}, {"secret": "s_2"})]
)
def test_an_action_leaves_the_browser_of_a_setup_session_what_it_has(
    told: dict[str, object] | None, kept: dict[str, object]
) -> None:
    data = None if told is None else ClientData(told)
    shop = shop_of(complete_setup_session=ActionRequired(UseSdk("challenge"), client_data=data))
    session = opened(shop)

    session = shop.payments.complete_setup_session(session.id)

    assert session.client_data is not None
    assert kept == session.client_data.reveal()

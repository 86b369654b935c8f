"""
Hypothesis strategies for your own tests: whatever may come in, go out or be told, by property.

    from hypothesis import given
    from paysession.testing import strategies

    @given(strategies.money("EUR"))
    def test_my_invoice_says_what_it_costs(amount): ...

Each takes parameters that narrow it, and shrinks towards what is plain: US dollars, small
amounts, the first id. Values of these classes also come from `hypothesis.strategies.from_type`
and wherever Hypothesis resolves an annotation, once this package is installed.

A *history* is a tuple of commands that `carry_out` gives to `Payments`, one after the other.
It needs Hypothesis, which comes with `pip install paysession[testing]`.
"""

from paysession.testing._strategies.amounts import currencies, money
from paysession.testing._strategies.carrying import Answer, Record, acarry_out, carry_out
from paysession.testing._strategies.commands import (
    AbandonPayment,
    CancelRefund,
    CancelSession,
    CancelSetupSession,
    CapturePayment,
    ChargeSource,
    Command,
    CompleteSession,
    CompleteSetupSession,
    CreatePayment,
    CreateSession,
    CreateSetupSession,
    MarkBounced,
    MarkPaid,
    MarkRefunded,
    Recover,
    RefundPayment,
    UpdatePayable,
    UpdateSession,
    VoidPayment,
)
from paysession.testing._strategies.fields import failures, references
from paysession.testing._strategies.histories import History, commands, histories
from paysession.testing._strategies.plain import (
    client_data,
    idempotency_keys,
    instants,
    metadata,
    secrets,
)
from paysession.testing._strategies.provider import (
    answers,
    facts,
    next_actions,
    notifications,
    outcomes,
    reports,
    requests,
)
from paysession.testing._strategies.shop import (
    bogus_tokens,
    credits,  # noqa: A004 - it is what they are
    payables,
    payment_methods,
    profiles,
    sources,
)

__all__ = [
    "AbandonPayment",
    "Answer",
    "CancelRefund",
    "CancelSession",
    "CancelSetupSession",
    "CapturePayment",
    "ChargeSource",
    "Command",
    "CompleteSession",
    "CompleteSetupSession",
    "CreatePayment",
    "CreateSession",
    "CreateSetupSession",
    "History",
    "MarkBounced",
    "MarkPaid",
    "MarkRefunded",
    "Record",
    "Recover",
    "RefundPayment",
    "UpdatePayable",
    "UpdateSession",
    "VoidPayment",
    "acarry_out",
    "answers",
    "bogus_tokens",
    "carry_out",
    "client_data",
    "commands",
    "credits",
    "currencies",
    "facts",
    "failures",
    "histories",
    "idempotency_keys",
    "instants",
    "metadata",
    "money",
    "next_actions",
    "notifications",
    "outcomes",
    "payables",
    "payment_methods",
    "profiles",
    "references",
    "reports",
    "requests",
    "secrets",
    "sources",
]

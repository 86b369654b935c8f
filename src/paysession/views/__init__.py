"""
Documents for browsers and partners: a `Statement`, printed in the dialects they speak.

Each dialect is a module of its own, and each function returns plain data for `json.dumps`:

    >>> from paysession import Money, Payable, PaymentMethod, Payments
    >>> from paysession.gateways import BogusGateway
    >>> from paysession.views import store_api
    >>> payments = Payments({"bogus": BogusGateway()})
    >>> card = PaymentMethod(id="pm_1", name="Credit Card", gateway="bogus")
    >>> session = payments.create_session(Payable("or_1", total=Money(110, "USD")), method=card)
    >>> document = store_api.payment_session(payments.statement(session.id))
    >>> document["status"], document["amount"]
    ('pending', '110.0')

What is open or unknown prints as pending or processing, never as failed: `statuses` is the
one table of all words. The documents are for the customer whose session it is: they reveal
what that customer's browser must have. An error is a document as well, by each dialect's
`error_document` and `status_of`: `http_errors` is the one table of all answers.
"""

from paysession.views import checkout_api, connect_api, http_errors, statuses, store_api

__all__ = ["checkout_api", "connect_api", "http_errors", "statuses", "store_api"]

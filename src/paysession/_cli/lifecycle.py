"""The lifecycles, drawn."""

from __future__ import annotations

from enum import StrEnum

from paysession.lifecycles import LIFECYCLES


class Chart(StrEnum):
    """The lifecycles by name."""

    SESSION = "session"
    PAYMENT = "payment"
    ATTEMPT = "attempt"
    CAPTURE = "capture"
    VOID = "void"
    REFUND = "refund"
    DISPUTE = "dispute"
    SETUP_SESSION = "setup_session"


class Form(StrEnum):
    """How a lifecycle is drawn."""

    MERMAID = "mermaid"
    DOT = "dot"
    TABLE = "table"


def drawn(chart: Chart, form: Form) -> str:
    """Return a lifecycle as a Mermaid diagram, in the DOT language, or as a table of text."""
    lifecycle = LIFECYCLES[chart]
    match form:
        case Form.MERMAID:
            return lifecycle.mermaid()
        case Form.DOT:
            return lifecycle.dot()
        case _:
            return lifecycle.table()

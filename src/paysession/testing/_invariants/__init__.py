"""
What must always hold, as functions of a history.

Each `check_I<n>` looks at what the newest moment changed, counts in `history.checks` when
that could have broken its invariant, and raises `InvariantBroken` when it has.
"""

from paysession.testing._invariants.all_checks import ALL_CHECKS, NOT_OURS, check
from paysession.testing._invariants.checking import Check, code_of, sentence_of
from paysession.testing._invariants.history import (
    Asked,
    Effect,
    EffectKind,
    Ended,
    History,
    InvariantBroken,
    Moment,
)

__all__ = [
    "ALL_CHECKS",
    "NOT_OURS",
    "Asked",
    "Check",
    "Effect",
    "EffectKind",
    "Ended",
    "History",
    "InvariantBroken",
    "Moment",
    "check",
    "code_of",
    "sentence_of",
]

"""A caller's own name for one command, so that it takes place once however often it is asked."""

from __future__ import annotations

import attrs

from paysession._domain.limits import safe_text

_MOST_CHARACTERS = 255


def _text(value: str) -> str:
    return safe_text(value, field="idempotency_key", most=_MOST_CHARACTERS)


def _scope(value: str) -> str:
    return safe_text(value, field="scope", most=_MOST_CHARACTERS, allow_empty=True)


@attrs.frozen
class IdempotencyKey:
    """
    A caller's own name for one command, unique for that command within its scope.

    A backend with many callers gives each a scope of its own, so that two of them may
    choose the same text. Neither is stored, only a digest of both; the `repr` tells
    neither, since callers put into keys what they like.

        >>> IdempotencyKey("order-7-refund", scope="api-client-3")
        IdempotencyKey()

    Attributes:
        text: The name, 1 to 255 characters.
        scope: Whose name it is; at most 255 characters.

    Raises:
        TypeError: If either is not text.
        LimitExceeded: If either is too long.
        UnsafeInput: If the text is empty, or either holds a control character, a lone
            surrogate or a card number.
    """

    text: str = attrs.field(converter=_text, repr=False)
    scope: str = attrs.field(default="", converter=_scope, repr=False, kw_only=True)

    @classmethod
    def of(cls, key: IdempotencyKey | str) -> IdempotencyKey:
        """Return the key that is meant: itself, or one by its text alone."""
        return key if isinstance(key, IdempotencyKey) else cls(key)

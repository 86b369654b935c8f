"""What a provider tells by itself."""

from __future__ import annotations

from case import later

CASES = (
    later(
        47,
        "a notification speaks of a session that is nobody's",
        because="A look-up is always about an operation of ours; only a notification is not.",
    ),
    later(
        50,
        "a notification comes for a gateway that does not exist",
        because="It needs `receive_notification`.",
    ),
    later(
        52,
        "a notification comes with a bad signature",
        because="It needs `receive_notification`; the views print `InvalidSignature` as 401.",
    ),
    later(
        53,
        "a notification comes for an unknown method, or for another store's",
        because="It needs `receive_notification`.",
    ),
    later(
        55,
        "a good notification comes",
        because="It needs `receive_notification`; when to work on it is the backend's.",
    ),
)

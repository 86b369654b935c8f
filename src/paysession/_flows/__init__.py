"""
Every use case, as a generator that asks for I/O.

A flow never calls anything: it asks, and a driver answers. So the synchronous driver, the
asynchronous one and a simulator run the very same generator, and a test may crash it at
every ask. Each flow that calls a gateway has one shape:

    load → decide → commit (operation, reservation, lease: one commit) → call → settle
"""

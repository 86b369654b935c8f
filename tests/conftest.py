"""
Hypothesis profiles, for every tier.

`dev` is the default, `ci` is chosen where `CI` is set and finds the same examples every time,
`deep` looks for longer: `HYPOTHESIS_PROFILE=deep pytest tests/properties`.
"""

import os

from hypothesis import HealthCheck, settings

# No deadline and no complaint about slowness: how busy the machine is says nothing about the code.
_DEV = settings(deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow])

settings.register_profile("dev", _DEV)
settings.register_profile("ci", _DEV, derandomize=True, database=None)
settings.register_profile("deep", _DEV, max_examples=5_000, stateful_step_count=100)
settings.load_profile(
    os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") else "dev")
)

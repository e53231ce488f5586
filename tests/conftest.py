"""What every test shares: hypothesis without a stopwatch, and more examples on demand.

`pytest --hypothesis-profile=many` draws 20,000 examples for each property.
"""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile(
    "usual", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.register_profile("many", settings.get_profile("usual"), max_examples=20_000)
settings.load_profile("usual")

"""What holds for all tests: a timing is never a pass or a fail, so Hypothesis judges no speed."""

from hypothesis import HealthCheck, settings

settings.register_profile("madoguchi", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("madoguchi")

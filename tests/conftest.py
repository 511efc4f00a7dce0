"""What all tests share: no test of this suite depends on how fast the machine is."""

from hypothesis import HealthCheck, settings

settings.register_profile("leadsieve", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("leadsieve")

"""What all tests share: no test of this suite depends on how fast the machine is."""

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("leadsieve", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("leadsieve")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Run what is marked `long` only where `-m` asks for it."""
    if config.option.markexpr:
        return
    long = [item for item in items if item.get_closest_marker("long")]
    if long:
        config.hook.pytest_deselected(items=long)
        items[:] = [item for item in items if item not in long]

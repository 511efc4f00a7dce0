"""The outside world: bytes in (sources), bytes out (sinks), the campaigns' state. Knows neither rules nor systems."""

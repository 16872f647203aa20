"""A landing zone without stacks, for a module's own SETTINGS."""

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest

from tableguard.local import landing_zone, server
from tableguard.local.landing_zone import LandingZone


@pytest.fixture(scope="module")
def zone(request: pytest.FixtureRequest) -> Iterator[LandingZone]:
    """The organization, and who may act in it."""
    with server.start() as running:
        yield landing_zone.prepare(request.module.SETTINGS, running.endpoint)


@pytest.fixture(scope="module")
def session(zone: LandingZone) -> Callable[[Any], Any]:
    """Sessions of its principals, each opened once."""
    return cache(zone.session)

"""The embedded AWS, with and without DynamoDB Local behind it."""

from collections.abc import Iterator

import pytest

from tests.engines.choice import BOTH
from tests.worlds import moto_modes
from tests.worlds.moto_modes import Aws


@pytest.fixture(scope="module", params=BOTH)
def aws(request: pytest.FixtureRequest) -> Iterator[Aws]:
    with moto_modes.embedded(request.param) as aws:
        yield aws

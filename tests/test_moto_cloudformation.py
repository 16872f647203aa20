"""The embedded CloudFormation makes what a template says, or says why not and leaves nothing behind."""

from collections.abc import Iterator

import pytest

from tableguard.local import server
from tests import cloudformation_cases, moto_modes
from tests.cloudformation_cases import CORRECTED
from tests.moto_modes import Aws


@pytest.fixture(scope="module")
def aws() -> Iterator[Aws]:
    with server.start() as running:
        yield Aws(running.endpoint)


@pytest.mark.parametrize("name", CORRECTED)
def test_as_aws_answers(aws: Aws, name: str) -> None:
    assert moto_modes.answered(aws, CORRECTED[name].ask) == CORRECTED[name].answer


@pytest.mark.parametrize("name", CORRECTED)
def test_plain_moto_answers_otherwise(name: str) -> None:
    assert moto_modes.of_plain_moto(cloudformation_cases.__name__)[name] != CORRECTED[name].answer

"""The embedded DynamoDB Streams answer as AWS does where plain moto does not, and as plain moto does elsewhere."""

from collections.abc import Iterator

import pytest

from tableguard.local import server
from tests.cases import streams
from tests.cases.streams import CORRECTED, UNCHANGED
from tests.engines import DYNAMODB_LOCAL, dynamodb_local
from tests.engines.choice import BOTH
from tests.worlds import moto_modes
from tests.worlds.moto_modes import Aws

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", params=BOTH)
def aws(request: pytest.FixtureRequest) -> Iterator[Aws]:
    tables = dynamodb_local.engine() if request.param == DYNAMODB_LOCAL else None
    with server.start(tables=tables) as running:
        yield Aws(running.endpoint, request.param)


@pytest.mark.parametrize("name", CORRECTED)
def test_as_aws_answers(aws: Aws, name: str) -> None:
    answer = moto_modes.answered(aws, CORRECTED[name].ask)
    assert (answer == CORRECTED[name].answer) == aws.alike(name), answer


@pytest.mark.parametrize("name", CORRECTED)
def test_plain_moto_answers_otherwise(name: str) -> None:
    assert moto_modes.of_plain_moto(streams.__name__)[name] != CORRECTED[name].answer


@pytest.mark.parametrize("name", UNCHANGED)
def test_where_nothing_is_corrected_the_answer_is_that_of_plain_moto(aws: Aws, name: str) -> None:
    answer, plain = moto_modes.answered(aws, UNCHANGED[name]), moto_modes.of_plain_moto(streams.__name__)
    assert (answer == plain[name]) == aws.alike(name), answer

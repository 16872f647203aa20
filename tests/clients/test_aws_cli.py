"""The AWS CLI's commands, each answered as AWS documents it or as not modelled, on both engines.

What must come of each is in transcripts/. The table of docs/clients.md is counted from them.
"""

import time
from collections.abc import Mapping

import pytest

from tests.clients import transcript
from tests.clients.aws_cli import AwsCli, needs_aws_cli
from tests.engines.choice import BOTH, DYNAMODB_LOCAL, MOTO
from tests.engines.dynamodb_local import needs_dynamodb_local

pytestmark = [pytest.mark.slow, needs_aws_cli]
_OF_TABLES = ("dynamodb", "messages", "deploy")
# the embedded AWS answers these itself on either engine: they are asked on the second where somebody wants to know
_OTHERS = tuple(name for name in transcript.NAMES if name not in _OF_TABLES)


def unlike(name: str, engine: str, cli: AwsCli, values: Mapping[str, str]) -> list[str]:
    """Return each command of a transcript that is not answered as written."""
    known, found = {**values, "now": str(int(time.time() * 1000))}, []
    for call in transcript.read(name):
        if call.command.startswith("cloudformation deploy"):
            time.sleep(1 - time.time() % 1)  # the CLI names a change set after the second
        answer, expected = cli.run(call.arguments(known)), call.expected(engine)
        unexpected = transcript.differences(answer, expected, known)
        for what in transcript.undue_mark(call, answer, engine, known) or unexpected:
            found.append(f"{call.who}: {call.command}: {what}: {answer.out[:300]}{answer.err[-600:]}")
        if expected.name:
            known[expected.name] = answer.out.strip()
    return found


@pytest.mark.parametrize("running", BOTH, indirect=True, scope="package")
@pytest.mark.parametrize("name", _OF_TABLES)
def test_every_command_on_tables_is_answered_as_written(
    name: str, cli: AwsCli, values: Mapping[str, str], request: pytest.FixtureRequest
) -> None:
    assert unlike(name, request.node.callspec.params["running"], cli, values) == []


@pytest.mark.parametrize("running", [MOTO], indirect=True, scope="package")
@pytest.mark.parametrize("name", _OTHERS)
def test_every_command_of_other_services_is_answered_as_written(
    name: str, cli: AwsCli, values: Mapping[str, str]
) -> None:
    assert unlike(name, MOTO, cli, values) == []


@pytest.mark.opt_in
@needs_dynamodb_local
@pytest.mark.parametrize("running", [DYNAMODB_LOCAL], indirect=True, scope="package")
@pytest.mark.parametrize("name", _OTHERS)
def test_other_services_answer_the_same_beside_dynamodb_local(
    name: str, cli: AwsCli, values: Mapping[str, str]
) -> None:
    assert unlike(name, DYNAMODB_LOCAL, cli, values) == []

"""Lambda's limits of a function hold when it is made and when it is changed, where moto as shipped takes anything."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.worlds import invocations
from tests.worlds.invocations import NAME, World


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with invocations.running() as running:
        yield running


def variables(**values: str) -> dict[str, Any]:
    return {"Environment": {"Variables": values}}


LIMITS = [  # what is refused, its twin, and the words
    ({"Timeout": 901}, {"Timeout": 900}, "ValidationException: Member must have value less than or equal to 900"),
    ({"MemorySize": 10_241}, {"MemorySize": 10_240}, "ValidationException: less than or equal to 10240"),
    ({"Handler": "app handle"}, {"Handler": "app.handle"}, "ValidationException: at 'handler'"),
    ({"Runtime": "python3.99"}, {"Runtime": "python3.13"}, "ValidationException: at 'runtime'"),
    (variables(AWS_REGION="a"), variables(A_REGION="a"), "InvalidParameterValueException: this request: AWS_REGION"),
    (variables(_HANDLER="a"), variables(HANDLER="a"), "InvalidParameterValueException: this request: _HANDLER"),
    (variables(_A="a"), variables(A_="a"), "ValidationException: Map keys"),
    (variables(AB="x" * 4088), variables(AB="x" * 4087), "InvalidParameterValueException: exceeded the 4KB limit"),
]


@pytest.mark.parametrize(("beyond", "within", "words"), LIMITS)
def test_a_limit_holds_when_a_function_is_made_and_when_it_is_changed(
    world: World, beyond: dict[str, Any], within: dict[str, Any], words: str
) -> None:
    code, text = words.split(": ", 1)
    client = world.client("lambda")
    with pytest.raises(ClientError, match=rf"\({code}\).*{text}"):
        world.create("limited", **beyond)
    with pytest.raises(ClientError, match=rf"\({code}\).*{text}"):
        client.update_function_configuration(FunctionName=NAME, **beyond)
    client.update_function_configuration(FunctionName=NAME, **within)
    world.create("limited", **within)
    client.delete_function(FunctionName="limited")


def test_a_name_with_a_blank_is_refused(world: World) -> None:
    with pytest.raises(ClientError, match=r"\(ValidationException\).*at 'functionName'"):
        world.create("two words")


def test_code_that_is_no_zip_file_is_refused_and_the_function_keeps_what_it_has(world: World) -> None:
    client = world.client("lambda")
    described = client.get_function(FunctionName=NAME)
    with pytest.raises(ClientError, match=r"\(InvalidParameterValueException\).*Could not unzip uploaded file"):
        client.update_function_code(FunctionName=NAME, ZipFile=b"no zip")
    with pytest.raises(ClientError, match=r"\(InvalidParameterValueException\).*Could not unzip uploaded file"):
        world.create("unzipped", Code={"ZipFile": b"no zip"})
    after = client.get_function(FunctionName=NAME)
    assert after["Configuration"]["CodeSha256"] == described["Configuration"]["CodeSha256"]
    assert after["Code"] == described["Code"]
    assert world.invoke({"a": 1})["Payload"] == {"a": 1}
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.get_function(FunctionName="unzipped")

"""A function's LoggingConfig is kept, with Lambda's defaults, where moto as shipped drops it."""

from collections.abc import Iterator

import pytest

from tests.worlds import invocations
from tests.worlds.invocations import NAME, World, tail


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with invocations.running() as running:
        yield running


def described(world: World, name: str) -> dict[str, str]:
    found: dict[str, str] = world.client("lambda").get_function_configuration(FunctionName=name)["LoggingConfig"]
    return found


def test_text_in_a_group_of_its_name_is_the_default(world: World) -> None:
    assert described(world, NAME) == {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{NAME}"}


def test_what_is_chosen_is_kept_and_decides_how_lines_are_written(world: World) -> None:
    world.create("json", LoggingConfig={"LogFormat": "JSON", "SystemLogLevel": "WARN"})
    levels = {"ApplicationLogLevel": "INFO", "SystemLogLevel": "WARN"}
    assert described(world, "json") == {"LogFormat": "JSON", "LogGroup": "/aws/lambda/json", **levels}
    assert "platform.report" not in tail(world.invoke({}, "json", LogType="Tail"))
    world.client("lambda").update_function_configuration(FunctionName="json", LoggingConfig={"LogFormat": "JSON"})
    assert described(world, "json")["SystemLogLevel"] == "INFO"
    assert "platform.report" in tail(world.invoke({}, "json", LogType="Tail"))


def test_an_update_of_something_else_leaves_it(world: World) -> None:
    world.create("kept", LoggingConfig={"LogGroup": "/kept"})
    world.client("lambda").update_function_configuration(FunctionName="kept", MemorySize=256)
    assert described(world, "kept")["LogGroup"] == "/kept"

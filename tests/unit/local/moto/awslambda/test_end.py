"""The end of the embedded AWS ends the functions that run; it has one of its own here, as a process holds one."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.worlds import invocations
from tests.worlds.invocations import alive

pytestmark = pytest.mark.slow


def test_the_end_of_the_embedded_aws_ends_an_invocation_and_leaves_nothing() -> None:
    with invocations.running() as world, ThreadPoolExecutor() as pool:
        pid = world.invoke({"do": "told"})["Payload"]["pid"]
        begun = pool.submit(world.invoke, {"do": "sleep", "seconds": 25})
        time.sleep(0.2)
        world.functions.close()
        assert begun.result(timeout=10)["FunctionError"] == "Unhandled"
        assert not alive(pid)

"""Every weakening of a deployed detection is noticed: of its attempt, its channels tell no more."""

import json
import subprocess
import sys
from typing import Any

import pytest

from tableguard.detect import catalogue
from tableguard.detect.detection import Detection
from tableguard.settings import example
from tests.mutation.detection_mutants import PLANTED
from tests.paths import ROOT

pytestmark = pytest.mark.slow
DETECTIONS = {detection.name: detection for detection in catalogue.load_all(example().policy_values())}
_NO_NAME = "it looks for no event's name: there is none to drop"
_NO_SOURCE = "it looks at every service: there is no source to give wrongly"
# weakenings that change nothing, and why
EQUIVALENT = {
    "break_glass_use: a name dropped": _NO_NAME,
    "break_glass_use: a wrong source": _NO_SOURCE,
    "denial_burst: a name dropped": _NO_NAME,
    "denied_by_guardrail: a name dropped": _NO_NAME,
    "denied_by_guardrail: a wrong source": _NO_SOURCE,
    "endpoint_refusal: a name dropped": _NO_NAME,
    "endpoint_refusal: a wrong source": _NO_SOURCE,
    "items_expired: a name dropped": _NO_NAME,
    "log_evasion: a name dropped": _NO_NAME,
    "log_evasion: a wrong source": _NO_SOURCE,
    "management_root_use: a name dropped": _NO_NAME,
    "management_root_use: a wrong source": _NO_SOURCE,
    "not_through_endpoint: a name dropped": "it names only what it leaves out",
    "role_widened: a name dropped": _NO_NAME,
    "root_use: a name dropped": "whatever root does is seen, and AssumeRoot by its name besides",
    "root_use: a wrong source": "whatever root does is seen, in every service",
    "stranger_on_table: a name dropped": "a data event is seen whatever its name; one name is for what is none",
}


@pytest.fixture(scope="module")
def result() -> dict[str, Any]:
    """What became of all mutants, in a process of one thread, which can be copied."""
    command = [sys.executable, "-m", "tests.mutation.detection_mutants"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def test_a_weakened_detection_tells_of_its_attempt_no_more(result: dict[str, Any]) -> None:
    assert result["errors"] == {}
    assert result["unnoticed"].keys() - set(PLANTED) == EQUIVALENT.keys() & {*result["mutants"]}


def test_a_weakening_that_weakens_nothing_is_found_unnoticed(result: dict[str, Any]) -> None:
    assert len(PLANTED) == 2
    assert set(PLANTED) <= result["unnoticed"].keys()


def test_each_detection_that_an_attempt_fires_is_weakened_in_each_way(result: dict[str, Any]) -> None:
    weakened = {name.partition(":")[0] for name in result["mutants"]}
    assert len(weakened) >= 63
    assert weakened <= DETECTIONS.keys()
    expected = {f"{name}: {how}" for name in weakened for how in ("a name dropped", "a wrong source", "disabled")}
    assert expected <= {*result["mutants"]}


@pytest.mark.parametrize("equivalent", EQUIVALENT)
def test_what_cannot_be_dropped_is_in_no_pattern(equivalent: str) -> None:
    name, _, weakening = equivalent.partition(": ")
    detection: Detection = DETECTIONS[name]
    assert detection.calls == ()
    if EQUIVALENT[equivalent] == (_NO_NAME if "name" in weakening else _NO_SOURCE):
        assert ("eventName" if "name" in weakening else "eventSource") not in str(detection.conditions)

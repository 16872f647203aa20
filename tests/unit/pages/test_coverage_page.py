"""Every call that changes something is watched or waived, no name is misspelt, and the page says so as it is today."""

import pytest

from tableguard.detect import catalogue, coverage, waivers
from tableguard.detect.coverage import ApiOperation
from tableguard.detect.waivers import Waiver
from tableguard.pages import coverage_page
from tableguard.settings import example
from tests.paths import ROOT

DETECTIONS = catalogue.load_all(example().policy_values())
WAIVERS = waivers.load()
# services whose calls detections name, other than those that are covered as a whole
OTHER_MODELS = {"ssm": "ssm", "sso": "sso-admin"}
# names that the models do not have
DOCUMENTED = {
    # actions without an operation in the SDKs: the console's
    # https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsaccountmanagement.html
    ("account", "CloseAccount"),
    # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/attribute-based-access-control.html
    ("dynamodb", "UpdateAbacStatus"),
    # the SDKs' name beside that of AWS's list, PutBucketObjectLockConfiguration
    ("s3", "PutObjectLockConfiguration"),
}


def waived(operation: ApiOperation) -> list[Waiver]:
    """Return the waivers of an operation."""
    return [
        waiver
        for waiver in WAIVERS
        if waiver.service == operation.service and any(coverage.named(name, operation.name) for name in waiver.names)
    ]


UNWATCHED = [operation for operation in coverage_page.operations() if not coverage_page.watching(operation)]


def test_the_page_is_as_it_would_be_generated_now() -> None:
    written = (ROOT / coverage_page.PAGE).read_text(encoding="utf-8")
    assert written == coverage_page.text(), "python -m tableguard.pages"


def test_every_call_that_changes_something_is_watched_or_waived() -> None:
    assert [f"{one.service}:{one.name}" for one in UNWATCHED if not waived(one)] == []
    assert len(coverage_page.operations()) > 1000


def test_no_call_is_waived_for_two_reasons() -> None:
    assert {f"{one.service}:{one.name}": waived(one) for one in UNWATCHED if len(waived(one)) > 1} == {}


@pytest.mark.parametrize(
    ("waiver", "name"),
    [pytest.param(waiver, name, id=f"{waiver.service}:{name}") for waiver in WAIVERS for name in waiver.names],
)
def test_a_waiver_is_neither_stale_nor_watched(waiver: Waiver, name: str) -> None:
    covered = {one.name for one in UNWATCHED if one.service == waiver.service and coverage.named(name, one.name)}
    assert len(covered) > 1 if name.endswith("*") else covered == {name}


NAMES = sorted({named for detection in DETECTIONS for named in coverage.names(detection)})


@pytest.mark.parametrize(("service", "name"), NAMES)
def test_a_name_of_a_detection_is_a_name_that_aws_has(service: str, name: str) -> None:
    models = (OTHER_MODELS[service],) if service in OTHER_MODELS else coverage_page.MODELS
    known = {one.name for model in models for one in coverage_page.every_operation(model) if one.service == service}
    assert any(coverage.named(name, one) for one in known) != ((service, name) in DOCUMENTED)


def test_what_is_watched_is_not_waived_unless_by_a_prefix() -> None:
    watched = [one for one in coverage_page.operations() if coverage_page.watching(one)]
    exact = {(waiver.service, name) for waiver in WAIVERS for name in waiver.names}
    assert [one for one in watched if (one.service, one.name) in exact] == []

"""The commands with which an estate in development is destroyed and deployed again, as its owners type them."""

import json
from collections.abc import Iterator

import pytest

from tableguard.local.clients.factory import without_aws_configuration
from tableguard.local.stacks import api
from tests.worlds.rehearsals import Rehearsal, rehearsal

pytestmark = pytest.mark.slow
DESTROYERS = ("--break-glass-profile", "emergency", "--management-profile", "management")
DEVELOPMENT = ('environment = "production"', 'environment = "development"')


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    """The default estate in development, deployed."""
    with without_aws_configuration(), rehearsal("default", tmp_path_factory.mktemp("settings")) as prepared:
        prepared.change(DEVELOPMENT)
        result = prepared.deploy()
        assert result.code == 0, result.err
        yield prepared


def test_who_is_not_named_destroys_nothing(here: Rehearsal) -> None:
    for named, lacking in ((DESTROYERS[:2], "--management-profile"), (DESTROYERS[2:], "--break-glass-profile")):
        result = here.run("destroy", "--yes", *named)
        assert (result.code, result.out) == (2, "")
        assert f"this needs {lacking} NAME" in result.err
        assert result.err.count("\n") == 1
    here.change()
    result = here.run("destroy", "--yes", *DESTROYERS)
    here.change(DEVELOPMENT)
    assert result.code == 2
    assert "is a production environment" in result.err
    assert len(here.statuses()) == 8


def test_destroy_says_what_goes_what_stays_and_who_does_it_and_deploy_adopts_what_stayed(here: Rehearsal) -> None:
    gone = here.run("destroy", "--yes", *DESTROYERS)
    assert gone.code == 0, gone.err
    lines = gone.out.splitlines()
    table = next(line for line in lines if line.startswith("cruddur-table: "))
    assert table.endswith("are kept, by arn:aws:sts::111122223333:assumed-role/cruddur-break-glass/tableguard")
    guardrails = next(line for line in lines if line.startswith("cruddur-guardrails: "))
    assert ", 0 are kept, by arn:aws:sts::123456789012:" in guardrails
    assert [line.split()[0] for line in lines if line.endswith("alias/cruddur-table")] == ["kept"]
    assert [line for line in lines if line.endswith(": deleted")] == [
        f"cruddur-{stack}: deleted"
        for stack in ("guardrails", "oversight", "config", "stream", "table", "network", "audit", "access")
    ]
    assert api.deployed() == []
    dry = here.run("deploy", "--dry-run").out
    assert "new, adopts 6" in next(line for line in dry.splitlines() if line.split()[0] == "cruddur-table")
    assert any(line.split() == ["Import", "AWS::DynamoDB::Table", "Messages"] for line in dry.splitlines())
    assert "cruddur-network: its VPC's default security group will be closed" in dry.splitlines()
    logs, group = here.client("logs"), "/cruddur/flow"
    logs.put_retention_policy(logGroupName=group, retentionInDays=1)
    failed = here.deploy("--json")
    differing = "FlowLogGroup (AWS::Logs::LogGroup): RetentionInDays is 1, and the template says 400"
    facts = json.loads(failed.out)
    assert [stack["stack"] for stack in facts["stacks"]] == ["access", "audit"]
    assert (failed.code, differing in facts["failure"], facts["failure"] in failed.err) == (2, True, True)
    warning = f"cruddur-network: adopted by an earlier run, and not as the template says: {differing}"
    assert warning in here.run("deploy", "--dry-run").err
    logs.put_retention_policy(logGroupName=group, retentionInDays=400)
    again = here.deploy()
    assert again.code == 0, again.err
    assert warning not in again.err
    assert "cruddur-table: adopted in" in again.out
    assert "will be closed" not in here.run("deploy", "--dry-run").out
    assert here.deploy().out.count("unchanged") == 8

"""IAM users in templates: each type that only they have is found, and what roles have is not."""

from pathlib import Path

import pytest
import yaml

from tableguard.check.rules import iam_users
from tableguard.cloudformation import template_files
from tableguard.findings.outcome import Outcome
from tableguard.settings import example
from tableguard.stacks.registry import enabled_stacks
from tableguard.stacks.render import render, write
from tests.worlds.settings_files import EXAMPLES

USERS = ("AccessKey", "Group", "User", "UserPolicy", "UserToGroupAddition")


def checked(folder: Path, type_name: str) -> Outcome:
    path = folder / "t.yaml"
    path.write_text(yaml.safe_dump({"Resources": {"Thing": {"Type": type_name, "Properties": {}}}}), encoding="utf-8")
    return iam_users.check([template_files.TemplateFile("t.yaml", path, template_files.read(path))])


@pytest.mark.parametrize("kind", USERS)
def test_what_only_iam_users_have_is_found_at_its_line(tmp_path: Path, kind: str) -> None:
    outcome = checked(tmp_path, f"AWS::IAM::{kind}")
    (finding,) = outcome.findings
    assert (finding.rule, finding.path, finding.line) == ("iam-user", "Resources/Thing", 2)
    assert (outcome.passed, outcome.failed) == (0, 1)


@pytest.mark.parametrize("type_name", ["AWS::IAM::Role", "AWS::IAM::ManagedPolicy", "AWS::Cognito::UserPoolUser"])
def test_what_roles_and_members_have_is_none(tmp_path: Path, type_name: str) -> None:
    outcome = checked(tmp_path, type_name)
    assert (outcome.findings, outcome.passed, outcome.failed) == ((), 1, 0)


@pytest.mark.parametrize("settings", EXAMPLES)
def test_no_stack_makes_any(tmp_path: Path, settings: str) -> None:
    sources = template_files.find(write(render(example(settings)), tmp_path)).templates
    assert len(sources) == len(enabled_stacks(example(settings)))
    assert iam_users.check(sources).findings == ()

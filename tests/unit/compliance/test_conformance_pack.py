"""The conformance pack has the rules of the stack `config`, all of them, and parameters for what the stack imports."""

import json
from pathlib import Path
from typing import Any

import pytest

from tableguard.check.rules import config_rules
from tableguard.cloudformation.template_files import TemplateFile
from tableguard.compliance import conformance_pack as pack
from tableguard.errors import TemplateError
from tableguard.reading import cloudformation_yaml
from tableguard.settings import Settings, example
from tableguard.stacks.registry import find_stack
from tableguard.stacks.render import as_yaml
from tests.worlds.requirements import of_type, stack

SETTINGS = example()


def written(settings: Settings) -> str:
    template = find_stack("config").document(settings)
    return pack.conformance_pack(template, settings.export(""), as_yaml)


@pytest.fixture(scope="module")
def text() -> str:
    return written(SETTINGS)


@pytest.fixture(scope="module")
def body(text: str) -> dict[str, Any]:
    loaded: dict[str, Any] = cloudformation_yaml.load(text)
    return loaded


def test_the_pack_has_every_rule_of_the_stack_and_nothing_else(body: dict[str, Any]) -> None:
    rules = of_type(stack("config"), "AWS::Config::ConfigRule")
    assert set(body["Resources"]) == set(rules)
    for name, resource in body["Resources"].items():
        assert set(resource) == {"Type", "Properties"}
        assert resource["Properties"]["Source"]["Owner"] == rules[name]["Source"]["Owner"]
        assert resource["Properties"].get("InputParameters", {}).keys() == rules[name].get("InputParameters", {}).keys()


def test_what_the_stack_imports_is_a_parameter_and_no_parameter_is_left_over(body: dict[str, Any]) -> None:
    rules = json.dumps(body["Resources"])
    assert "Fn::ImportValue" not in rules
    assert "Fn::ImportValue" in json.dumps(of_type(stack("config"), "AWS::Config::ConfigRule"))
    assert [name for name in body["Parameters"] if json.dumps({"Ref": name}) not in rules] == []
    assert "AuditKeyArn" in body["Parameters"]
    assert {parameter["Type"] for parameter in body["Parameters"].values()} == {"String"}


def test_aws_config_would_take_each_rule_of_the_pack(text: str, tmp_path: Path) -> None:
    path = tmp_path / "pack.yaml"
    for changed, failed in ((text, 0), (text.replace("DYNAMODB_PITR_ENABLED", "DYNAMODB_PITR"), 1)):
        path.write_text(changed)
        source = TemplateFile("pack.yaml", path, cloudformation_yaml.load(changed))
        assert config_rules.check([source], SETTINGS.home_region).failed == failed


def test_the_pack_is_the_same_twice_and_another_for_other_settings(text: str) -> None:
    assert written(SETTINGS) == text
    assert written(example("existing-vpc")) != text


@pytest.mark.parametrize("limit", ["BYTES", "RULES", "PARAMETERS"])
def test_a_pack_that_aws_config_would_refuse_is_refused(limit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pack, limit, 1)
    with pytest.raises(TemplateError, match="AWS Config takes at most 1"):
        written(SETTINGS)

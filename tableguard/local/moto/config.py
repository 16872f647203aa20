"""Corrections of moto's AWS Config: Guard rules, tag scopes, evaluation modes and recording frequency are kept.

moto 5.2 raises TypeError for a Guard rule and drops the rest. AWS keeps them: a Guard rule has a runtime, triggers and
a policy, which GetCustomRulePolicy returns. What rules say of resources is in config_compliance.
"""

import json
from typing import Any

from moto.config import models
from moto.config.exceptions import NoSuchConfigRuleException
from moto.config.responses import ConfigResponse

from tableguard.local.moto import config_compliance
from tableguard.local.moto.patch import replace


class RuleSource(models.Source):
    """The source of a rule, in place of moto's Source, which has no Guard policies: AWS's owner CUSTOM_POLICY."""

    _policy_text = ""  # moto shows what has no underscore

    def __init__(self, account_id: str, region: str, owner: str, **source: Any) -> None:
        policy = source.pop("custom_policy_details", None)
        if owner == "CUSTOM_POLICY" and policy:
            self._keep_policy(source.get("source_details", []), policy)
        else:
            super().__init__(account_id, region, owner, **{"source_identifier": "", **source})

    def _keep_policy(self, triggers: list[dict[str, Any]], policy: dict[str, Any]) -> None:
        models.ConfigEmptyDictable.__init__(self, capitalize_start=True, capitalize_arn=False)
        self.owner = "CUSTOM_POLICY"
        self.source_details: Any = [
            models.SourceDetail(**models.convert_to_class_args(trigger)) for trigger in triggers
        ]
        # AWS's DescribeConfigRules returns all but the text, which GetCustomRulePolicy returns:
        # https://docs.aws.amazon.com/config/latest/APIReference/API_GetCustomRulePolicy.html
        self.custom_policy_details = {name: value for name, value in policy.items() if name != "PolicyText"}
        self._policy_text = policy["PolicyText"]

    @property
    def policy_text(self) -> str:
        """Return the Guard policy, empty for a rule of another owner."""
        return self._policy_text


class RuleScope(models.Scope):
    """The scope of a rule, in place of moto's Scope, whose names for a tag's key and value AWS Config lacks."""

    def __init__(self, **scope: Any) -> None:
        super().__init__(**scope)
        self.tag_key = scope.get("tag_key")
        self.tag_value = scope.get("tag_value")


class RuleWithModes(models.ConfigRule):
    """A rule, in place of moto's ConfigRule, which drops EvaluationModes."""

    def modify_fields(self, region: str, config_rule: dict[str, Any], tags: dict[str, str]) -> None:
        """Set the fields of a new or changed rule."""
        super().modify_fields(region, config_rule, tags)
        # DETECTIVE is the default:
        # https://docs.aws.amazon.com/config/latest/APIReference/API_EvaluationModeConfiguration.html
        self.evaluation_modes = config_rule.get("EvaluationModes") or [{"Mode": "DETECTIVE"}]


_put_configuration_recorder = models.ConfigBackend.put_configuration_recorder


def put_configuration_recorder(backend: models.ConfigBackend, config_recorder: dict[str, Any]) -> None:
    """Replace ConfigBackend.put_configuration_recorder, which drops the recorder's recordingMode."""
    _put_configuration_recorder(backend, config_recorder)
    mode = config_recorder.get("recordingMode", {"recordingFrequency": "CONTINUOUS"})
    vars(backend.recorders[config_recorder["name"]])["recording_mode"] = mode  # moto shows every attribute


def get_custom_rule_policy(response: ConfigResponse) -> str:
    """Answer GetCustomRulePolicy, which moto lacks."""
    name = response._get_param("ConfigRuleName")
    rule = response.config_backend.config_rules.get(name)
    if rule is None:
        raise NoSuchConfigRuleException(name)
    policy = rule.source.policy_text if isinstance(rule.source, RuleSource) else ""
    return json.dumps({"PolicyText": policy} if policy else {})


def install() -> None:
    """Put the corrections into moto's AWS Config."""
    replace(models, "ConfigRule", RuleWithModes)
    replace(models, "Scope", RuleScope)
    replace(models, "Source", RuleSource)
    replace(models.ConfigBackend, "put_configuration_recorder", put_configuration_recorder)
    setattr(ConfigResponse, get_custom_rule_policy.__name__, get_custom_rule_policy)
    config_compliance.install()

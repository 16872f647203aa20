"""What moto 5.2 cannot keep of AWS Config: Guard rules (a TypeError); scopes of a tag, modes and frequency (forgotten).

With this, a Guard rule keeps its runtime, its triggers and its policy, and GetCustomRulePolicy answers with the
policy. Nothing evaluates it: moto evaluates no Config rule.
"""

import json
from typing import Any

from moto.config import models
from moto.config.exceptions import NoSuchConfigRuleException
from moto.config.responses import ConfigResponse

from tableguard.local.moto.patch import replace


class Source(models.Source):
    """What a rule runs: as in moto for managed and Lambda rules, and a Guard policy."""

    _policy_text = ""  # moto shows what has no underscore

    def __init__(self, account_id: str, region: str, owner: str, **source: Any) -> None:
        policy = source.pop("custom_policy_details", None)
        if owner == "CUSTOM_POLICY" and policy:
            self._run_policy(source.get("source_details", []), policy)
        else:
            super().__init__(account_id, region, owner, **{"source_identifier": "", **source})

    def _run_policy(self, triggers: list[dict[str, Any]], policy: dict[str, Any]) -> None:
        models.ConfigEmptyDictable.__init__(self, capitalize_start=True, capitalize_arn=False)
        self.owner = "CUSTOM_POLICY"
        self.source_details: Any = [
            models.SourceDetail(**models.convert_to_class_args(trigger)) for trigger in triggers
        ]
        # DescribeConfigRules answers with all but the text; for that there is GetCustomRulePolicy:
        # https://docs.aws.amazon.com/config/latest/APIReference/API_GetCustomRulePolicy.html
        self.custom_policy_details = {name: value for name, value in policy.items() if name != "PolicyText"}
        self._policy_text = policy["PolicyText"]

    @property
    def policy_text(self) -> str:
        """The Guard policy, empty for a rule of another owner."""
        return self._policy_text


class Scope(models.Scope):
    """What a rule looks at: as in moto, which keeps a scope's tag under a name that AWS Config does not have."""

    def __init__(self, **scope: Any) -> None:
        super().__init__(**scope)
        self.tag_key = scope.get("tag_key")
        self.tag_value = scope.get("tag_value")


class ConfigRule(models.ConfigRule):
    """A rule: as in moto, and its evaluation modes."""

    def modify_fields(self, region: str, config_rule: dict[str, Any], tags: dict[str, str]) -> None:
        """Take the fields of a new or changed rule."""
        super().modify_fields(region, config_rule, tags)
        # https://docs.aws.amazon.com/config/latest/APIReference/API_EvaluationModeConfiguration.html: or detective
        self.evaluation_modes = config_rule.get("EvaluationModes") or [{"Mode": "DETECTIVE"}]


_put_configuration_recorder = models.ConfigBackend.put_configuration_recorder


def put_configuration_recorder(backend: models.ConfigBackend, config_recorder: dict[str, Any]) -> None:
    """As in moto, and the recorder keeps how often it records."""
    _put_configuration_recorder(backend, config_recorder)
    mode = config_recorder.get("recordingMode", {"recordingFrequency": "CONTINUOUS"})
    vars(backend.recorders[config_recorder["name"]])["recording_mode"] = mode  # moto shows every attribute


def get_custom_rule_policy(response: ConfigResponse) -> str:
    """The answer to GetCustomRulePolicy."""
    name = response._get_param("ConfigRuleName")
    rule = response.config_backend.config_rules.get(name)
    if rule is None:
        raise NoSuchConfigRuleException(name)
    policy = rule.source.policy_text if isinstance(rule.source, Source) else ""
    return json.dumps({"PolicyText": policy} if policy else {})


def install() -> None:
    """Let AWS Config in moto keep what its operations take."""
    replace(models, "ConfigRule", ConfigRule)
    replace(models, "Scope", Scope)
    replace(models, "Source", Source)
    replace(models.ConfigBackend, "put_configuration_recorder", put_configuration_recorder)
    setattr(ConfigResponse, get_custom_rule_policy.__name__, get_custom_rule_policy)

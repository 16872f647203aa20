"""A rule as an account has deployed it: what it asks, with which parameters, of which resources."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tableguard.aws.managed_config_rules import catalogue
from tableguard.compliance.evaluator import Parameters
from tableguard.compliance.item import ConfigurationItem
from tableguard.errors import ComplianceError


@dataclass(frozen=True)
class Reach:
    """Which resources a rule looks at, of those that it can: all, one type, one resource, or those with a tag.

    https://docs.aws.amazon.com/config/latest/APIReference/API_Scope.html
    """

    resource_types: tuple[str, ...] = ()
    resource_id: str = ""
    tag_key: str = ""
    tag_value: str = ""

    def covers(self, item: ConfigurationItem) -> bool:
        """Tell whether an item is in scope."""
        if self.resource_types and item.resource_type not in self.resource_types:
            return False
        if self.resource_id and self.resource_id != item.resource_id:
            return False
        if not self.tag_key:
            return True
        return self.tag_key in item.tags and self.tag_value in ("", item.tags[self.tag_key])


@dataclass(frozen=True)
class DeployedRule:
    """One of an account's rules; `identifier` is that of a managed rule, empty for a rule of another owner."""

    name: str
    owner: str
    identifier: str
    parameters: Mapping[str, str]
    reach: Reach
    periodic: bool
    text: str = ""  # of a Guard rule

    def with_defaults(self) -> Parameters:
        """Return the parameters, with AWS's defaults for those that are not given."""
        defaults = catalogue()[self.identifier].defaults if self.identifier else {}
        return Parameters(self.name, {**defaults, **self.parameters})


def described(rule: Mapping[str, Any], text: str = "") -> DeployedRule:
    """Read one rule of DescribeConfigRules' answer, which leaves out the text of a Guard rule.

    ComplianceError for a managed rule that AWS does not have.
    """
    source, scope = rule["Source"], rule.get("Scope") or {}
    managed = source["Owner"] == "AWS"
    identifier = source["SourceIdentifier"] if managed else ""
    if managed and identifier not in catalogue():
        raise ComplianceError(f"rule {rule['ConfigRuleName']}: AWS has no managed rule {identifier}")
    return DeployedRule(
        name=rule["ConfigRuleName"],
        owner=source["Owner"],
        identifier=identifier,
        parameters=json.loads(rule.get("InputParameters") or "{}"),
        reach=Reach(
            tuple(scope.get("ComplianceResourceTypes") or ()),
            scope.get("ComplianceResourceId") or "",
            scope.get("TagKey") or "",
            scope.get("TagValue") or "",
        ),
        periodic=managed and catalogue()[identifier].periodic,
        text=text,
    )

"""The configuration item: what AWS Config records of one resource, in its own words.

The words are those of https://github.com/awslabs/aws-config-resource-schema (commit adf5513): names of older resource
types begin small, as `ssedescription.kmsmasterKeyArn`; younger types are worded as CloudFormation words them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from tableguard.errors import ComplianceError

ACCOUNT = "AWS::::Account"  # what AWS Config calls the account itself, in evaluations of rules about no resource
_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True)
class Unknown:
    """A fact that could not be read, and why: no rule that needs it is judged."""

    reason: str


@dataclass(frozen=True)
class ConfigurationItem:
    """One resource as AWS Config records it.

    https://docs.aws.amazon.com/config/latest/APIReference/API_ConfigurationItem.html
    """

    resource_type: str
    resource_id: str
    resource_name: str
    arn: str
    region: str
    account_id: str
    configuration: Mapping[str, Any]
    tags: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    supplementary: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)
    relationships: tuple[tuple[str, str], ...] = ()  # (resource type, resource id)

    def fact(self, *path: str) -> Any:
        """Return a value of the configuration, None where it is not there; ComplianceError where it is unknown."""
        return _at(self.configuration, path, self)

    def supplement(self, *path: str) -> Any:
        """Return a value of the supplementary configuration, None where it is not there."""
        return _at(self.supplementary, path, self)

    @property
    def label(self) -> str:
        """Return what people call the resource."""
        return self.resource_name or self.resource_id

    def as_recorded(self) -> dict[str, Any]:
        """Return the item as AWS Config writes it, which is what Guard rules read; what is unknown is left out."""
        return {
            "accountId": self.account_id,
            "arn": self.arn,
            "awsRegion": self.region,
            "configuration": _known(self.configuration),
            "relationships": [{"resourceType": kind, "resourceId": identity} for kind, identity in self.relationships],
            "resourceId": self.resource_id,
            "resourceName": self.resource_name,
            "resourceType": self.resource_type,
            "supplementaryConfiguration": _known(self.supplementary),
            "tags": dict(self.tags),
        }


def _at(value: Any, path: tuple[str, ...], item: ConfigurationItem) -> Any:
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
        if isinstance(value, Unknown):
            raise ComplianceError(f"{item.resource_type} {item.label}: {name} is not known: {value.reason}")
    return value


def _known(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _known(inner) for name, inner in value.items() if not isinstance(inner, Unknown)}
    return [_known(inner) for inner in value] if isinstance(value, list | tuple) else value

"""What every stack shares: tags, exports and imports, and the documents of policies/ as template values."""

import re
from typing import Any

from troposphere import Export, GetAtt, ImportValue, Output, Ref, Sub, Tags, Template

from tableguard.iam import documents
from tableguard.settings import Settings

# Where a policy document names an account or region, a template asks CloudFormation for its own.
_PSEUDO_PARAMETERS: dict[str, str | tuple[str, ...]] = {
    "account-id": "${AWS::AccountId}",
    "home-region": "${AWS::Region}",
}


def new_template(settings: Settings, description: str) -> Template:
    """An empty template that says what it is for."""
    template = Template(Description=f"{settings.name}: {description}")
    template.set_version("2010-09-09")
    return template


def tags(settings: Settings, **more: str) -> Tags:
    """The tags on every resource that takes them."""
    return Tags(Application=settings.name, Environment=settings.environment, ManagedBy="tableguard", **more)


def export(template: Template, settings: Settings, name: str, value: Ref | GetAtt | Sub, description: str) -> None:
    """An output that other stacks import by `name`."""
    template.add_output(Output(name, Value=value, Description=description, Export=Export(settings.export(name))))


def imported(settings: Settings, name: str) -> ImportValue:
    """The value that another stack exports by `name`."""
    return ImportValue(settings.export(name))


def policy_document(settings: Settings, kind: str, name: str) -> dict[str, Any]:
    """A document of policies/ for use in a workload stack: account and region are CloudFormation's own."""
    policy = documents.load(kind, name)
    filled: dict[str, Any] = _substituted(documents.fill(policy, {**settings.policy_values(), **_PSEUDO_PARAMETERS}))
    return filled


def organization_document(settings: Settings, kind: str, name: str) -> dict[str, Any]:
    """A document of policies/ for the management account, where the workload's account id is spelt out."""
    return documents.fill(documents.load(kind, name), settings.policy_values())


def _substituted(node: Any) -> Any:
    if isinstance(node, dict):
        return {key: _substituted(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_substituted(item) for item in node]
    if isinstance(node, str) and "${AWS::" in node:
        # IAM's own variables, ${cognito-identity.amazonaws.com:sub}, must reach IAM untouched
        return Sub(re.sub(r"\$\{(?!AWS::)", "${!", node))
    return node

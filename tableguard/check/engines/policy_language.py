"""Policy documents under cfn-lint, each in the clothes of a managed policy, the only kind that it looks into."""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Literal

from cfnlint.config import ConfigMixIn
from cfnlint.decode.decode import decode_str
from cfnlint.rules import RulesCollection
from cfnlint.rules.jsonschema.CfnLint import CfnLint
from cfnlint.rules.jsonschema.JsonSchema import JsonSchema
from cfnlint.rules.resources.Configuration import Configuration
from cfnlint.rules.resources.iam.IdentityPolicy import IdentityPolicy
from cfnlint.rules.resources.iam.Permissions import Permissions
from cfnlint.rules.resources.iam.PolicyVersion import PolicyVersion
from cfnlint.rules.resources.properties.Properties import Properties
from cfnlint.runner.template import run_template_by_data

from tableguard.check.rules import policy_grammar
from tableguard.errors import CheckError
from tableguard.findings.finding import Finding

# what leads cfn-lint to a policy document, and what it has for one; building all 300 rules takes four times as long
_RULES = (CfnLint, JsonSchema, Configuration, Properties, IdentityPolicy, Permissions, PolicyVersion)
_RULE_CRASHED = "E0002"  # a rule of its own failed: an answer is missing
_REGION = "us-east-1"  # any will do: none of these rules differs between regions
_LEVELS: dict[str, Literal["error", "warning"]] = {"error": "error", "warning": "warning"}

Document = Mapping[str, Any]


def check(filled: Mapping[str, Document]) -> Iterator[Finding]:
    """What cfn-lint says of documents by place: unknown actions, operators and elements, malformed ARNs."""
    places = {f"Policy{number}": place for number, place in enumerate(filled)}
    resources = {
        name: {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": _as_identity_policy(filled[place])}}
        for name, place in places.items()
    }
    template, unreadable = decode_str(json.dumps({"Resources": resources}))
    if unreadable:
        raise CheckError(f"cfn-lint cannot read the policy documents: {unreadable[0].message}")
    for match in run_template_by_data(template, ConfigMixIn([], regions=[_REGION]), _rules()):
        if match.rule.id == _RULE_CRASHED:
            raise CheckError(f"cfn-lint failed on the policy documents: {match.message}")
        place = places[match.path[1]]
        yield Finding(
            f"{place}: {_path(match.path[4:], filled[place])}",
            match.rule.id,
            _shortened(match.message),
            f"see {match.rule.source_url}",
            _LEVELS.get(match.rule.severity, "warning"),
        )


def _as_identity_policy(document: Document) -> dict[str, Any]:
    """The document without its principals, about which policy_grammar has its own rules."""
    found = [
        {key: value for key, value in statement.items() if key not in ("Principal", "NotPrincipal")}
        for _, statement in policy_grammar.statements(document)
    ]
    return {**document, "Statement": found}


@cache
def _rules() -> Any:
    found = RulesCollection()
    for rule in _RULES:
        found.register(rule())
    return found


def _path(path: list[Any], document: Document) -> str:
    """cfn-lint's path, with the statement's Sid for its number."""
    if path[:1] == ["Statement"] and len(path) > 1:
        name, _ = policy_grammar.statements(document)[path[1]]
        return f"{name}: {'/'.join(map(str, path[2:]))}" if path[2:] else name
    return "/".join(map(str, path)) or "document"


def _shortened(message: str) -> str:
    """cfn-lint lists everything that it knows: a whole service's actions."""
    return message if len(message) <= 200 else f"{message[:200]}…"

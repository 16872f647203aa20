"""Run cfn-lint's IAM rules on every policy by wrapping it as a managed policy, the only kind cfn-lint inspects."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

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

from tableguard.check.engines import cfn_lint
from tableguard.check.rules.document_path import Document, LineOf, Path, shown, statements
from tableguard.errors import CheckError
from tableguard.findings.finding import Finding

# what leads cfn-lint to a policy document, and what it has for one; building all 300 rules takes four times as long
_RULES = (CfnLint, JsonSchema, Configuration, Properties, IdentityPolicy, Permissions, PolicyVersion)
_REGION = "us-east-1"  # any will do: none of these rules differs between regions


@dataclass(frozen=True)
class FilledDocument:
    """A policy document with its placeholders filled, and the lines of the file it was written in."""

    file: str
    document: Document
    line_of: LineOf


def check(documents: Sequence[FilledDocument]) -> Iterator[Finding]:
    """Find unknown actions, operators and elements, and malformed ARNs in documents."""
    by_name = {f"Policy{number}": filled for number, filled in enumerate(documents)}
    resources = {name: _as_managed_policy(filled.document) for name, filled in by_name.items()}
    template, unreadable = decode_str(json.dumps({"Resources": resources}))
    if unreadable:
        raise CheckError(f"cfn-lint cannot read the policy documents: {unreadable[0].message}")
    for match in run_template_by_data(template, ConfigMixIn([], regions=[_REGION]), _rules()):
        if match.rule.id == cfn_lint.RULE_CRASHED:
            raise CheckError(f"cfn-lint failed on the policy documents: {match.message}")
        yield _finding(match, by_name[match.path[1]])


def _finding(match: Any, filled: FilledDocument) -> Finding:
    path = _path(match.path[4:], filled.document)
    return cfn_lint.finding(match, filled.file, shown(path, filled.document), filled.line_of(path))


def _as_managed_policy(document: Document) -> dict[str, Any]:
    """Wrap a document without its principals, for which policy_grammar has its own rules."""
    without_principals = [
        {key: value for key, value in statement.items() if key not in ("Principal", "NotPrincipal")}
        for _, statement in statements(document)
    ]
    identity_policy = {**document, "Statement": without_principals}
    return {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": identity_policy}}


@cache
def _rules() -> Any:
    collection = RulesCollection()
    for rule in _RULES:
        collection.register(rule())
    return collection


def _path(path: list[Any], document: Document) -> Path:
    """Return cfn-lint's path as one into the document as written, where a statement may stand alone."""
    if path[:1] == ["Statement"] and len(path) > 1:
        statement, _ = statements(document)[path[1]]
        return (*statement, *path[2:])
    return tuple(path)

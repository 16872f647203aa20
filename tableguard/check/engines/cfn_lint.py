"""cfn-lint in this process: its rules are built once, and checks that a template has it ignore are shown as skips."""

import os
from collections.abc import Iterable
from functools import cache
from textwrap import shorten
from typing import Any

from cfnlint.config import ConfigMixIn
from cfnlint.decode import decode
from cfnlint.helpers import REGIONS
from cfnlint.runner import Runner
from cfnlint.runner.template import run_template_by_data

from tableguard.check.engines.checkov.child import CRASHES
from tableguard.cloudformation.template_files import TemplateFile
from tableguard.errors import CheckError
from tableguard.findings.finding import Finding, Level, place
from tableguard.findings.outcome import Outcome, Skip, Unanswered, total

ENGINE, _UNIT = "cfn-lint", "templates"
# A rule of its own failed, so that an answer is missing:
# https://github.com/aws-cloudformation/cfn-lint/blob/main/docs/rules.md
RULE_CRASHED = "E0002"
_LEVELS: dict[str, Level] = {"error": "error", "warning": "warning"}

_Match = Any  # cfnlint.rules.Match; cfn-lint ships no type information


def check(sources: Iterable[TemplateFile], region: str) -> Outcome:
    """Lint each template for one region."""
    return total(ENGINE, _UNIT, (_outcome(source, region) for source in sources))


def _outcome(source: TemplateFile, region: str) -> Outcome:
    try:
        matches = _matches(source, region)
    except CRASHES as crash:
        unanswered = Unanswered(source.file, ENGINE, f"{type(crash).__name__}: {crash}")
        return Outcome(ENGINE, _UNIT, 0, 0, unanswered=(unanswered,))
    crashed = [match for match in matches if match.rule.id == RULE_CRASHED]
    ignored = [match for match in matches if _is_ignored(source, match)]
    findings = tuple(
        finding(match, source.file, _path(match), match.linenumber)
        for match in matches
        if match not in (*crashed, *ignored)
    )
    return Outcome(
        ENGINE,
        _UNIT,
        passed=int(not findings and not crashed),
        failed=int(bool(findings)),
        findings=findings,
        skips=tuple(_skip(source, match) for match in ignored),
        unanswered=tuple(
            Unanswered(place(source.file, match.linenumber, _path(match)), ENGINE, match.message) for match in crashed
        ),
    )


def _matches(source: TemplateFile, region: str) -> list[_Match]:
    template, unreadable = decode(str(source.path))
    if unreadable:
        return list(unreadable)
    config, rules = _linter(region)
    return list(run_template_by_data(template, config, rules))


@cache
def _linter(region: str) -> tuple[Any, Any]:
    """Build configuration and rules. cfn-lint's own functions build the rules anew for each template."""
    if region not in REGIONS:
        raise CheckError(f"cfn-lint does not know the region {region!r}; it knows {', '.join(sorted(REGIONS))}")
    # No .cfnlintrc of a home or working folder: what it ignores, no reader of the report would know of. And all errors
    # and warnings are mandatory, so that what a template ignores is still found, and shown as a skip.
    config = ConfigMixIn(["--config-file", os.devnull], regions=[region], mandatory_checks=["E", "W"])
    return config, Runner(config).rules


def _is_ignored(source: TemplateFile, match: _Match) -> bool:
    """Tell whether the template, or the resource, asks cfn-lint to ignore the rule."""
    path = getattr(match, "path", None) or []
    owners = [source.body]
    if len(path) > 1 and path[0] == "Resources":
        owners.append(source.body["Resources"].get(path[1], {}))
    return any(match.rule.id.startswith(rule) for owner in owners for rule in _ignored_checks(owner))


def _ignored_checks(owner: Any) -> list[str]:
    node = owner
    for key in ("Metadata", "cfn-lint", "config", "ignore_checks"):
        node = node.get(key) if isinstance(node, dict) else None
    return [rule for rule in node if isinstance(rule, str)] if isinstance(node, list) else []


def finding(match: _Match, file: str, path: str, line: int | None) -> Finding:
    """Return a match of one of cfn-lint's rules as a finding at this place."""
    return Finding(
        rule=match.rule.id,
        file=file,
        path=path,
        line=line,
        # it lists all that it knows, such as a service's actions
        problem=shorten(match.message, 200, placeholder=" …"),
        remedy=f"see {match.rule.source_url}" if match.rule.source_url else match.rule.shortdesc,
        level=_LEVELS.get(match.rule.severity, "warning"),
    )


def _skip(source: TemplateFile, match: _Match) -> Skip:
    return Skip(match.rule.id, source.file, _path(match), match.linenumber, "ignore_checks of the template")


def _path(match: _Match) -> str:
    return "/".join(map(str, getattr(match, "path", None) or []))

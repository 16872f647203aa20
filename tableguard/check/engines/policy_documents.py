"""The documents under policies/, filled and linted: no other tool looks into SCPs, RCPs and endpoint policies."""

from pathlib import Path
from typing import Any

from tableguard.check.rules import policy_grammar, policy_meaning
from tableguard.errors import CheckError, PolicyError
from tableguard.findings.finding import Finding
from tableguard.paths import POLICIES
from tableguard.policy import documents
from tableguard.settings import Settings


def check(settings: Settings, root: Path = POLICIES) -> list[Finding]:
    """Everything that is wrong with the documents as these settings fill them, sorted by place."""
    from tableguard.check.engines import policy_language  # noqa: PLC0415  # cfn-lint takes half a second to import

    policies = documents.load_all(root)
    if not policies:
        raise CheckError(f"{root}: no policy documents; there should be {', '.join(documents.KINDS)}/*.json")
    findings: list[Finding] = []
    filled: dict[str, dict[str, Any]] = {}
    for policy in policies:
        try:
            filled[policy.place] = documents.fill(policy, settings.policy_values())
        except PolicyError as error:
            problem = str(error).removeprefix(f"{policy.place}: ")
            findings.append(Finding(policy.place, "placeholder", problem, "use a placeholder that the settings fill"))
        else:
            findings += policy_grammar.check(policy.place, policy.kind, filled[policy.place])
            findings += policy_meaning.check(policy.place, policy.kind, filled[policy.place])
    return sorted((*findings, *policy_language.check(filled)))

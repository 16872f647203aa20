"""Lint the documents under policies/, filled: no other tool looks into SCPs, RCPs and endpoint policies."""

from pathlib import Path

from tableguard.check.rules import policy_grammar, policy_meaning
from tableguard.errors import CheckError, PolicyError
from tableguard.findings.finding import Finding
from tableguard.findings.outcome import Outcome, merged
from tableguard.paths import POLICIES, from_here
from tableguard.policy import documents
from tableguard.policy.documents import PolicyDocument
from tableguard.reading.line_numbers import LineNumbers
from tableguard.settings import Settings

ENGINE = "policy documents"


def outcome(settings: Settings, root: Path = POLICIES) -> Outcome:
    """Lint the documents and count those without a finding."""
    findings = check(settings, root)
    failed = len({finding.file for finding in findings})
    return Outcome(ENGINE, "documents", len(_asked(settings, root)) - failed, failed, tuple(findings))


def check(settings: Settings, root: Path = POLICIES) -> list[Finding]:
    """Return everything that is wrong with the documents as these settings fill them, sorted by place.

    Without an organization SCPs and RCPs apply to nobody, and are not asked.
    """
    from tableguard.check.engines import policy_language  # noqa: PLC0415  # cfn-lint takes half a second to import

    findings: list[Finding] = []
    filled: list[policy_language.FilledDocument] = []
    for policy in _asked(settings, root):
        file, line_of = str(from_here(policy.path)), LineNumbers(policy.path.read_text(encoding="utf-8")).line_of
        try:
            document = documents.fill(policy, settings.policy_values())
        except PolicyError as error:
            problem = str(error).removeprefix(f"{policy.place}: ")
            remedy = "use a placeholder that the settings fill"
            findings.append(Finding("placeholder", file, "", line_of(()), problem, remedy))
            continue
        filled.append(policy_language.FilledDocument(file, document, line_of))
        findings += policy_grammar.check(file, policy.kind, document, line_of)
        findings += policy_meaning.check(file, policy.kind, document, line_of=line_of)
    return list(merged(((*findings,), (*policy_language.check(filled),))))


def _asked(settings: Settings, root: Path) -> tuple[PolicyDocument, ...]:
    """Return the documents that apply with these settings."""
    policies = documents.load_all(root)
    if not policies:
        raise CheckError(f"{root}: no policy documents; there should be {', '.join(documents.KINDS)}/*.json")
    return documents.applicable(policies, in_organization=settings.has_organization)

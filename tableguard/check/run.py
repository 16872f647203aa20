"""`tableguard check`: every engine over our stacks and policies, or over anybody's templates."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from tableguard.check.engines import policy_documents
from tableguard.check.engines.checkov import engine
from tableguard.check.report import Report
from tableguard.check.rules import config_rules
from tableguard.cloudformation import template_files
from tableguard.cloudformation.template_files import Source
from tableguard.findings.outcome import Outcome
from tableguard.policy import documents
from tableguard.settings import Settings
from tableguard.stacks.render import render, write

DEFAULT_REGION = "us-east-1"  # where a template is checked if nobody says where: the default of cfn-lint's own command


def run(settings: Settings) -> Report:
    """What all engines say of the stacks as these settings render them, and of the policy documents."""
    with TemporaryDirectory(prefix="tableguard-") as folder:
        found = template_files.find(write(render(settings), Path(folder)))
        stacks = [replace(source, place=source.path.name) for source in found.templates]
        return Report(_outcomes(stacks, settings.home_region, lambda: _policy_documents(settings)))


def run_on(paths: Iterable[Path], region: str = DEFAULT_REGION) -> Report:
    """What the template engines say of templates and folders of templates."""
    found = template_files.find(list(paths))
    return Report(_outcomes(found.templates, region), found.others)


def _outcomes(templates: Sequence[Source], region: str, *others: Callable[[], Outcome]) -> tuple[Outcome, ...]:
    with engine.started(templates) as checkov:  # in its own process from here on, beside the others in this one
        from tableguard.check.engines import cfn_lint  # noqa: PLC0415  # half a second, in which checkov starts

        here = (cfn_lint.check(templates, region), config_rules.check(templates, region), *(ask() for ask in others))
        return checkov(), *here


def _policy_documents(settings: Settings) -> Outcome:
    findings = policy_documents.check(settings)
    failed = len({finding.place.split(": ")[0] for finding in findings})
    return Outcome("policy documents", "documents", len(documents.load_all()) - failed, failed, tuple(findings))

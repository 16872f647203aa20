"""`tableguard check`: every engine over our stacks and policies, or over anybody's templates."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from tableguard.check.engines import policy_documents
from tableguard.check.engines.checkov import engine
from tableguard.check.report import CheckReport
from tableguard.check.rules import config_rules, iam_users, network_links
from tableguard.cloudformation import template_files
from tableguard.cloudformation.template_files import TemplateFile
from tableguard.findings.finding import Finding
from tableguard.findings.outcome import Outcome, Skip
from tableguard.settings import Settings
from tableguard.stacks.origin import Origin, origin
from tableguard.stacks.render import render, write

DEFAULT_REGION = "us-east-1"  # where a template is checked if nobody says where: the default of cfn-lint's own command


def run(settings: Settings) -> CheckReport:
    """Check the stacks as these settings render them, and the policy documents.

    The stacks are rendered into a folder that is gone afterwards. A reader is sent to templates/rendered/STACK.yaml if
    that is the same text, and else to templates/STACK.py: no other file has the stack of these settings.
    """
    rendered = render(settings)
    origins = {stack: origin(stack, text) for stack, text in rendered.items()}
    with TemporaryDirectory(prefix="tableguard-") as folder:
        sources = template_files.find(write(rendered, Path(folder)))
        stacks = [replace(source, file=origins[source.path.stem].file) for source in sources.templates]
        outcomes = _outcomes(stacks, settings.home_region, lambda: policy_documents.outcome(settings))
    elsewhere = {origin.file: origin for origin in origins.values() if not origin.is_rendering}
    return CheckReport(tuple(_with_lines_of(elsewhere, outcome) for outcome in outcomes))


def run_on(
    paths: Iterable[Path],
    region: str = DEFAULT_REGION,
    besides: Collection[str] = (),
    outcomes: tuple[Outcome, ...] = (),
) -> CheckReport:
    """Check templates, and folders of templates, with the engines for templates.

    Files that were checked `besides` are no templates; their `outcomes` are part of the report.
    """
    sources = template_files.find(list(paths), besides)
    of_templates = _outcomes(sources.templates, region) if sources.templates else ()
    return CheckReport((*of_templates, *outcomes), sources.others, sources.links)


def _outcomes(templates: Sequence[TemplateFile], region: str, *others: Callable[[], Outcome]) -> tuple[Outcome, ...]:
    with engine.started(templates) as checkov:  # in its own process from here on, beside the others in this one
        from tableguard.check.engines import cfn_lint  # noqa: PLC0415  # half a second, in which checkov starts

        rules = (config_rules.check(templates, region), iam_users.check(templates), network_links.check(templates))
        here = (cfn_lint.check(templates, region), *rules, *(ask() for ask in others))
        return checkov(), *here


def _with_lines_of(origins: Mapping[str, Origin], outcome: Outcome) -> Outcome:
    """Replace the lines of rendered texts that no file holds by those of the Python that made them."""
    findings = tuple(_placed(origins, finding) for finding in outcome.findings)
    return replace(outcome, findings=findings, skips=tuple(_placed(origins, skip) for skip in outcome.skips))


Placed = TypeVar("Placed", Finding, Skip)


def _placed(origins: Mapping[str, Origin], result: Placed) -> Placed:
    if result.file not in origins:
        return result
    return replace(result, line=origins[result.file].line_of(result.path.split("/")))

"""Generate policies/controls.md: which document or detection supports which control, and whose mapping that is."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from tableguard.detect import catalogue as detections
from tableguard.policy import contract
from tableguard.reading.controls import Catalogue, Control, Framework, Relation, catalogue
from tableguard.settings import example

PAGE = Path("policies/controls.md")  # of a checkout

_INTRODUCTION = """# Controls

Which document supports which control. `python -m tableguard.pages` generates this page from the contracts and from
[controls.toml](controls.toml).

- **Support is not fulfilment.** An SCP supports a control and seldom satisfies one alone. What is deployed, operated
  and reviewed belongs to each control too.
- **A mapping is ours** unless AWS is named beside it. "AWS: IAM.1" means that AWS's page relates IAM.1 of Security Hub
  to this control. That the document supports IAM.1 is our reading still.
- **Titles are ours**, short and no quotation. The framework's own text decides.
- **Pages were read as stored copies** on the day beside them. A page of today may say something else.
- **Templates carry no control yet**: encryption, recovery, backups, retention of logs and the trail itself.
"""

# control as FRAMEWORK:ID -> whose mapping -> links to what supports it
_Supporters = Mapping[str, Mapping[str, Sequence[str]]]


def text() -> str:
    """Return the page."""
    listed, supporters = catalogue(), _supporters()
    parts = [_INTRODUCTION, _frameworks(listed), _relations(listed)]
    return "\n".join([*parts, *(_section(framework, supporters) for framework in listed.frameworks.values())])


def write(page: Path) -> Path:
    """Write the page to a file, and return the file's path."""
    page.write_text(text(), encoding="utf-8")
    return page


def _supporters() -> _Supporters:
    links: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for link, supported in _owners():
        for control in supported:
            whose = f"AWS: {control.through.partition(':')[2]}" if control.through else "ours"
            links[str(control)][whose].append(link)
    return links


def _owners() -> Iterator[tuple[str, Sequence[Control]]]:
    """Yield documents, then detections: a link to where people read of each, and the controls that it supports."""
    for document in contract.load_all():
        place = f"{document.policy.kind}/{document.policy.name}"
        yield f"[{place}](README.md#{place.replace('/', '')})", document.controls
    for detection in detections.load_all(example().policy_values()):
        place = f"detections/{detection.name}"
        yield f"[{place}]({place}.toml)", detection.controls


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return "".join(f"| {' | '.join(cells)} |\n" for cells in (head, ["---"] * len(head), *rows))


def _frameworks(listed: Catalogue) -> str:
    rows = ([f"`{one.key}`", one.name, one.version, _read(one)] for one in listed.frameworks.values())
    return "## Frameworks\n\n" + _table(["Key", "Framework", "Version", "Read"], rows)


def _relations(listed: Catalogue) -> str:
    rows = (
        [f"`{name}`", ", ".join(f"`{one}`" for one in relation.requirements), _read(relation)]
        for name, relation in listed.relations.items()
    )
    return "## What AWS relates\n\n" + _table(["AWS's control", "Relates to", "Read"], rows)


def _read(page: Framework | Relation) -> str:
    return f"[page]({page.source}), {page.looked_up}"


def _section(framework: Framework, supporters: _Supporters) -> str:
    rows = (
        [f"`{number}`", title, whose, ", ".join(links)]
        for number, title in framework.titles.items()
        for whose, links in sorted(supporters.get(f"{framework.key}:{number}", {}).items())
    )
    return f"## {framework.name}\n\n" + _table(["Control", "Asks for", "Mapping", "Supported by"], rows)

"""The figures of a drill, as a table or as JSON."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from tests.drill.kinds import Kind
from tests.drill.material import Written
from tests.drill.plan import Chunk
from tests.drill.verdict import Findings
from tests.drill.world import World

_TOLD = 20  # findings that a reader is shown; --json has all


@dataclass(frozen=True)
class Figures:
    """What was done, what it met, and what became of it."""

    algorithm: str
    seed: int
    messages: int
    poison: int
    rows: int
    further_rows: int
    listed: int  # conversations, in the pages of everybody
    batches: int
    invocations: int
    calls: int
    retries: int
    bisections: int
    given_up: int  # batches
    discarded: int  # records
    objects: int
    in_objects: int
    wrong_before: int
    redriven: int  # rows applied
    already_newer: int
    lost: int
    wrong: int
    findings: tuple[str, ...]  # these and all others, in words
    planned: dict[str, int]
    seen: dict[str, int]

    @property
    def faults(self) -> int:
        """How many came about."""
        return sum(self.seen.values())

    @property
    def all_came(self) -> bool:
        """Whether every fault that was planned came about."""
        return self.planned == self.seen

    @property
    def exit_code(self) -> int:
        """0 fine, 1 something is lost or wrong, 2 the drill was not what was asked for."""
        if self.findings:
            return 1
        return 0 if self.all_came else 2


def figures(
    seed: int, world: World, chunks: Sequence[Chunk], everything: Sequence[Written], found: Findings
) -> Figures:
    """Count everything."""
    ledger = world.ledger
    planned = Counter(fault.kind for chunk in chunks for fault in chunk.faults)
    seen = ledger.seen + Counter({Kind.POISON: len(ledger.told_poison & ledger.sent_poison)})
    return Figures(
        algorithm=world.algorithm.name,
        seed=seed,
        messages=sum(len(chunk.messages) for chunk in everything),
        poison=sum(len(chunk.poison) for chunk in everything),
        rows=found.rows,
        further_rows=found.further_rows,
        listed=found.listed,
        batches=len(ledger.batches),
        invocations=ledger.invocations,
        calls=world.passthrough.calls.total(),
        retries=ledger.retries,
        bisections=ledger.bisections,
        given_up=len(ledger.given_up),
        discarded=sum(len(one.batch.events) for one in ledger.given_up),
        objects=found.objects,
        in_objects=found.in_objects,
        wrong_before=len(found.wrong_before),
        redriven=sum(batch.applied for batch in found.redriven),
        already_newer=sum(batch.newer for batch in found.redriven),
        lost=len(found.verdict.lost),
        wrong=len(found.verdict.wrong),
        findings=tuple(found.verdict.lines()),
        planned={kind.name: planned[kind] for kind in Kind if planned[kind]},
        seen={kind.name: seen[kind] for kind in Kind if seen[kind]},
    )


def as_json(found: Figures, spent: dict[str, float]) -> str:
    """All figures for a program."""
    facts: dict[str, Any] = {**asdict(found), "faults": found.faults, **spent}
    return json.dumps(facts, indent=2, sort_keys=True)


def as_text(found: Figures, spent: dict[str, float]) -> str:
    """The same for a reader."""
    return "\n".join([*_lines(found), *(f"{value:>9.1f}  {name}" for name, value in spent.items())])


def _lines(found: Figures) -> Iterator[str]:
    yield f"{found.algorithm}, seed {found.seed}"
    for count, what in (
        (found.messages, "messages, and beside them"),
        (found.poison, "poison records"),
        (found.rows, "conversation rows, of which there are"),
        (found.further_rows, "further ones; in the pages of everybody"),
        (found.listed, "conversations are listed"),
        (found.batches, "batches"),
        (found.invocations, "invocations of the function, which made"),
        (found.calls, "calls to DynamoDB"),
        (found.retries, "retries"),
        (found.bisections, "bisections"),
    ):
        yield f"{count:>9,}  {what}"
    yield f"{found.faults:>9,}  faults came about, of {sum(found.planned.values()):,} planned:"
    for name, planned in found.planned.items():
        yield f"{found.seen.get(name, 0):>9,}  of {planned:>5,}  {Kind[name].value}"
    for count, what in (
        (found.given_up, "batches given up, with"),
        (found.discarded, "records"),
        (found.objects, "objects in the on-failure bucket, with"),
        (found.in_objects, "records"),
        (found.wrong_before, "rows behind before the redrive"),
        (found.redriven, "rows put right by the redrive"),
        (found.already_newer, "rows newer than it"),
        (found.lost, "messages lost"),
        (found.wrong, "rows wrong"),
        (len(found.findings), "findings in all"),
    ):
        yield f"{count:>9,}  {what}"
    yield from found.findings[:_TOLD]

"""The drill itself: chunk after chunk is written, polled, and made to fail on its way."""

from collections.abc import Callable, Mapping, Sequence

from tests.cases.message_batches import Traffic
from tests.drill.kinds import Kind
from tests.drill.material import Written, written
from tests.drill.plan import Chunk, Fault
from tests.drill.watch import Watch
from tests.drill.world import World

_OUTAGE = 13 * 3600.0  # seconds: longer than the mapping keeps a record
_RECENT = 10  # chunks back to which a checkpoint may fall
_PATIENCE = 50  # deliveries of a chunk within which all of its faults must have come about

Checkpoints = Mapping[str, str | None]


class NeverCame(Exception):
    """A fault that was planned did not come about, however often its records were delivered."""


def carry_out(
    world: World, traffic: Traffic, chunks: Sequence[Chunk], progress: Callable[[int], object]
) -> list[Written]:
    """Write and deliver everything; answers what was written. `progress` is told each chunk's messages."""
    world.put([item for group in traffic.groups for item in world.algorithm.beginning(group)])
    _settle(world, [])
    marks: list[Checkpoints] = []
    everything = []
    watch = Watch(world, traffic)
    for chunk, material in zip(chunks, written(traffic, chunks), strict=True):
        marks.append(world.mapping.checkpoints)
        world.put(material.items)
        watch.wrote(material)
        world.ledger.seen.update(_deliver(world, chunk, marks, watch))
        world.ledger.not_given_up += world.passthrough.lift(world.passthrough.cursed)
        everything.append(material)
        progress(chunk.messages)
    world.passthrough.settle()
    return everything


def _deliver(world: World, chunk: Chunk, marks: Sequence[Checkpoints], watch: Watch) -> list[Kind]:
    """Until the chunk is settled and all its faults have come about; answers those that it has to tell of itself.

    Rows are looked at before the chunk comes again: that would make good for what the delivery before it forgot.
    """
    world.invoking.expect(chunk.faults)
    came: list[Kind] = []
    if any(fault.kind is Kind.OUTAGE for fault in chunk.faults):
        _outage(world)
    for _ in range(_PATIENCE):
        came += _settle(world, marks)
        touched = world.invoking.touched()
        world.ledger.behind.update(watch.look(touched) if world.algorithm.ours else ())
        if world.invoking.idle:
            return came
        world.mapping.replay(marks[-1])
    raise NeverCame(f"left of {[fault.kind.name for fault in chunk.faults]}")


def _outage(world: World) -> None:
    given_up = len(world.ledger.given_up)
    world.clock.ahead = _OUTAGE
    while len(world.ledger.given_up) == given_up:
        world.mapping.step()
    world.clock.ahead = 0.0


def _settle(world: World, marks: Sequence[Checkpoints]) -> list[Kind]:
    lost = []
    while world.mapping.step() is not None:
        fault, world.invoking.lost_checkpoint = world.invoking.lost_checkpoint, None
        if fault is not None:
            world.mapping.replay(_fallen_back(fault, marks))
            lost.append(fault.kind)
    return lost


def _fallen_back(fault: Fault, marks: Sequence[Checkpoints]) -> Checkpoints:
    """To the beginning one time in five, otherwise to one of the last chunks."""
    if fault.at < 0.2:
        return {}
    recent = marks[-_RECENT:]
    return recent[int(fault.at * len(recent))]

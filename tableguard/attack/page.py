"""The ledger of attempts as a page: docs/attack-ledger.md."""

from collections.abc import Mapping

from tableguard.attack.attempt import Attempt
from tableguard.attack.ledger import Ledger, verdict
from tableguard.attack.outcome import AttemptOutcome, Sighting
from tableguard.attack.principals import PRINCIPALS

_HEAD = """\
# The ledger of attempts

Each attempt of [policies/attempts](../policies/attempts/README.md), and each sequence that `tableguard reach` shows of
the shipped example, made on a fresh copy of a running estate of it. `tableguard attack` makes them all, and
`python -m tableguard.attack > docs/attack-ledger.md` writes this page. Nothing here was tried on AWS.
Alarms that count reads and writes are deployed with the lowest number that settings accept, a hundred in five minutes.

The seconds are of the estate's time, from the call to the message in a subscriber's hands. Delays are those that AWS
documents: some seconds to the event bus, five minutes to the trail's log group, and an alarm's period.
[Detections](../policies/detections/README.md) says what each detection watches.

The area `reach` has the [sequences](proving.md#sequences). One that leads over a container's commands or a user pool's
members is not made, for nothing here has these; nor is one that needs no call.
"""

# detections that no attempt fires, and why
NOT_TRIED: Mapping[str, str] = {
    "member_root_taken": "moto has no AssumeRoot",
    "taker_assigned": "the actions of Identity Center are not in the service reference that the guard asks",
    "task_entered": "nor are those of Systems Manager",
}


def page(ledger: Ledger) -> str:
    """Write the page: the counts, the detections that nothing here fires, and a table for each area."""
    areas = dict.fromkeys(outcome.attempt.area for outcome in ledger.outcomes)
    tables = (_table(area, [one for one in ledger.outcomes if one.attempt.area == area]) for area in areas)
    untried = [f"- `{name}`: {why}" for name, why in NOT_TRIED.items()]
    missing = ["Detections that no attempt fires yet:", "", *untried, ""]
    return "\n".join([_HEAD, f"{ledger.summary()}.\n", *missing, *tables])


def _table(area: str, outcomes: list[AttemptOutcome]) -> str:
    head = (
        f"## {area.capitalize()}\n\n| Attempt | What happens | Refused by | Told by | Verdict |\n|---|---|---|---|---|"
    )
    return "\n".join([head, *map(_row, outcomes), ""])


def _row(outcome: AttemptOutcome) -> str:
    attempt = outcome.attempt
    cells = (
        attempt.id,
        f"{PRINCIPALS[attempt.by]} {attempt.says}",
        _refused(outcome),
        _told(outcome),
        verdict(outcome),
    )
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"


def _refused(outcome: AttemptOutcome) -> str:
    prevented = outcome.prevented
    if prevented is None:
        return f"nothing: {_reason(outcome.attempt)}"
    if prevented.layer == "service":
        return f"the service itself: {prevented.document}"
    if prevented.statement:
        return f"`{prevented.statement}` of {prevented.document}"
    return f"{prevented.document}, which does not allow it"


def _reason(attempt: Attempt) -> str:
    return attempt.uncovered or "a claim says otherwise"


def _told(outcome: AttemptOutcome) -> str:
    sightings = sorted(outcome.sightings, key=lambda sighting: (sighting.seconds, sighting.detection))
    messages = ", ".join(map(_sighting, sightings))
    return messages or (f"nobody: {outcome.attempt.unseen}" if outcome.attempt.unseen else "nobody")


def _sighting(sighting: Sighting) -> str:
    channel = "rule" if sighting.channel == "event pattern" else "alarm"
    return f"{sighting.detection} ({channel}, {sighting.seconds:.0f} s)"

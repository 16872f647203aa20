"""All attempts, each on a fresh copy of one running estate."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from tableguard.attack import catalogue, fresh, scene, sequences, trial
from tableguard.attack.attempt import Attempt
from tableguard.attack.ledger import Ledger
from tableguard.attack.outcome import AttemptOutcome
from tableguard.attack.scene import Scene
from tableguard.attack.trial import Watchers
from tableguard.detect import catalogue as detections
from tableguard.detect.detection import Detection
from tableguard.errors import PolicyError
from tableguard.local import estate
from tableguard.local.estate import EmbeddedEstate, Step
from tableguard.settings import Settings

_SECOND = 30  # of an hour: attempts are made then, since alarms look at whole minutes
_QUIET = 12  # times ten minutes of the estate, until nothing more is told of its deployment
AT_ONCE = 2
_LOWEST = 100  # of what alarms count in five minutes: a hundred calls show what ten thousand would
_NOTHING = Attempt("nothing", "", "does nothing", "administrator", (), ())


def every_attempt(settings: Settings) -> tuple[Attempt, ...]:
    """Return the attempts of policies/attempts, and the sequences that reach shows of an estate of these settings."""
    return (*catalogue.load_all(), *sequences.shown(settings))


def chosen(attempts: Sequence[Attempt], only: Iterable[str]) -> tuple[Attempt, ...]:
    """Return the attempts that one of the words names; PolicyError for a word that names none."""
    words = tuple(only)
    accepted = {word for attempt in attempts for word in attempt.words}
    for word in words:
        if word not in accepted:
            raise PolicyError(f"--only {word!r}: no attempt has such an id, area, principal, technique or catalogue id")
    return tuple(attempt for attempt in attempts if not words or attempt.words & set(words))


@dataclass(frozen=True)
class Stage:
    """A running estate with its scene, and the detections that its alarms and rules are of."""

    running: EmbeddedEstate
    scene: Scene
    detections: tuple[Detection, ...]


@contextmanager
def staged(settings: Settings, report: Callable[[Step], None]) -> Iterator[Stage]:
    """Deploy an estate with its scene for the block; alarms that count go off as early as settings may let them."""
    with estate.running(replace(settings, alert_reads=_LOWEST, alert_writes=_LOWEST), 0, report) as running:
        yield Stage(running, scene.prepare(running), detections.load_all(running.settings.policy_values()))


def outcomes(stage: Stage, attempts: Sequence[Attempt], at_once: int = AT_ONCE) -> Iterator[AttemptOutcome]:
    """Yield what comes of each attempt, as they end; the estate itself does nothing any more."""
    watchers = at_rest(stage)
    tasks = [partial(_facts, stage.scene, watchers, attempt) for attempt in attempts]
    for number, facts in fresh.answers(tasks, at_once):
        yield AttemptOutcome.read(attempts[number], facts)


def at_rest(stage: Stage) -> Watchers:
    """Let the estate come to rest, so that it can be copied; return what watches each copy."""
    watch = stage.running.watch
    fresh.quieten(stage.running)
    watch.clock.stop(_next_hour(watch.clock.now()))
    for _ in range(_QUIET):
        trial.pass_time(stage.scene, watch, 600, 60)
    watch.clock.stop(_next_hour(watch.clock.now()) + timedelta(seconds=_SECOND))
    watch.tick()
    return _with_background(stage.scene, Watchers(watch, stage.detections))


def _with_background(scene: Scene, watchers: Watchers) -> Watchers:
    """Return the watchers that know what is told where nobody tries anything."""
    ((_, facts),) = fresh.answers([partial(_facts, scene, watchers, _NOTHING)], 1)
    sightings = AttemptOutcome.read(_NOTHING, facts).sightings
    return replace(watchers, background=frozenset(sighting.detection for sighting in sightings))


def _facts(scene: Scene, watchers: Watchers, attempt: Attempt) -> fresh.Answer:
    return trial.tried(scene, attempt, watchers).facts()


def _next_hour(now: datetime) -> datetime:
    return now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)


def ledger(attempts: Sequence[Attempt], ended: Iterable[AttemptOutcome]) -> Ledger:
    """Return the ledger of outcomes, in the order of the attempts."""
    places = {attempt.id: number for number, attempt in enumerate(attempts)}
    return Ledger(tuple(sorted(ended, key=lambda outcome: places[outcome.attempt.id])))

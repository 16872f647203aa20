"""The actions that could harm messages or evidence, as data/classified.toml has them, and which are admitted."""

import re
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

from tableguard.errors import PolicyError
from tableguard.paths import POLICIES
from tableguard.policy.service_reference import classified
from tableguard.policy.service_reference import load as load_universe
from tableguard.reading.placeholders import Values
from tableguard.reading.toml_table import Table, read_toml

PLACE = "admitted.toml"
_WORDS = re.compile(r"[A-Z]?[a-z]+")


def load(root: Path = POLICIES) -> Mapping[str, str]:
    """Read the admitted actions, each with its reason; PolicyError for one that is not classified as dangerous."""
    dangerous, services = _dangerous(), Table(PLACE, read_toml(root / PLACE))
    return {
        _dangerous_name(f"{service}:{name}", dangerous): Table(f"{PLACE}: {service}", reasons).text(name)
        for service in tuple(services.data)
        for reasons in (services.table(service),)
        for name in reasons
    }


def _dangerous_name(action: str, dangerous: frozenset[str]) -> str:
    if action not in dangerous:
        raise PolicyError(f"{PLACE}: {action} is not among the actions classified as dangerous; remove it")
    return action


def _dangerous() -> frozenset[str]:
    return frozenset(action for action, kind in classified().items() if kind != "other")


def values(root: Path = POLICIES) -> Values:
    """Return the dangerous actions that are not admitted as values of placeholders: `dangers-on-SERVICE-RESOURCE-TYPE`.

    `dangers-on-SERVICE` are those without a resource.
    """
    universe, by_placeholder = load_universe(), defaultdict[str, list[str]](list)
    for action in sorted(_dangerous() - load(root).keys()):
        for kind in universe.actions[action.lower()].resources or ("",):
            by_placeholder[_placeholder(action.partition(":")[0], kind)].append(action)
    return {name: tuple(actions) for name, actions in by_placeholder.items()}


def _placeholder(service: str, kind: str) -> str:
    return "-".join(["dangers-on", service, *(part.lower() for part in _WORDS.findall(kind))])

"""Controls of public frameworks: `policies/controls.toml` read strictly, and the ids that other files name.

A file names a control as `FRAMEWORK:ID`: that it supports the control is then our own reading. Written
`FRAMEWORK:ID through security-hub:ID` the last step is AWS's: its page relates that control of its own to this one.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Literal

from tableguard.errors import PolicyError
from tableguard.paths import POLICIES
from tableguard.reading.toml_table import Table, read_toml, refuse_repetition

CATALOGUE = POLICIES / "controls.toml"

_KEY = r"[a-z0-9]+([.-][a-z0-9]+)*"
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9.()-]*")
_WRITTEN = re.compile(r"(\S+)(?: through (\S+))?")


@dataclass(frozen=True)
class Framework:
    """A framework in one version, where its ids were looked up and when, and what each control asks for in short."""

    key: str
    name: str
    version: str
    source: str
    looked_up: date
    titles: Mapping[str, str]


@dataclass(frozen=True)
class Relation:
    """Requirements that a page of AWS relates to one of AWS's own controls; of them, those that are named here."""

    control: str
    source: str
    looked_up: date
    requirements: tuple[str, ...]


@dataclass(frozen=True)
class Control:
    """A control that a file says it supports, with the page that was read for it.

    `through` is the control of AWS that AWS itself relates to this one; empty where the mapping is ours.
    """

    framework: str
    id: str
    through: str
    source: str
    looked_up: date

    @property
    def mapping(self) -> Literal["ours", "aws"]:
        """Return whether AWS maps the control, or we do."""
        return "aws" if self.through else "ours"

    def __str__(self) -> str:
        return f"{self.framework}:{self.id}"


@dataclass(frozen=True)
class Catalogue:
    """All that may be named: frameworks by their keys, and AWS's relations by its controls."""

    frameworks: Mapping[str, Framework]
    relations: Mapping[str, Relation]

    def control(self, place: str, written: str) -> Control:
        """Return a control as written in a file; PolicyError names the place and what is accepted."""
        match = _WRITTEN.fullmatch(written)
        name, through = (match[1], match[2] or "") if match else ("", "")
        key, _, number = name.partition(":")
        framework = self.frameworks.get(key)
        if framework is None or number not in framework.titles:
            raise PolicyError(
                f"{place}: {written!r} is not accepted; accepted: FRAMEWORK:ID of policies/controls.toml, "
                "alone or followed by 'through' and a control of AWS"
            )
        if not through:
            return Control(key, number, "", framework.source, framework.looked_up)
        relation = self.relations.get(through)
        if relation is None or name not in relation.requirements:
            raise PolicyError(f"{place}: {written!r}: policies/controls.toml has no page of AWS that relates the two")
        return Control(key, number, through, relation.source, relation.looked_up)


def controls(table: Table) -> tuple[Control, ...]:
    """Read the key `controls` of a file; what a mapping of AWS leads through must be named in the same list."""
    place = table.place_of("controls")
    named = tuple(catalogue().control(place, written) for written in table.texts("controls"))
    names = [str(control) for control in named]
    refuse_repetition(place, names)
    for control in named:
        if control.through and control.through not in names:
            raise PolicyError(f"{place}: {control} through {control.through}: the list does not name {control.through}")
    return named


@cache
def catalogue(path: Path = CATALOGUE) -> Catalogue:
    """Return the catalogue; PolicyError names file, section and what is accepted."""
    table = Table(path.name, read_toml(path))
    frameworks = [
        _framework(Table(f"{path.name}: framework {number}", entry))
        for number, entry in enumerate(table.tables("framework"), start=1)
    ]
    relations = [
        _relation(Table(f"{path.name}: aws {number}", entry))
        for number, entry in enumerate(table.tables("aws", optional=True), start=1)
    ]
    table.close()
    refuse_repetition(path.name, [framework.key for framework in frameworks])
    refuse_repetition(path.name, [relation.control for relation in relations])
    listed = Catalogue(
        {framework.key: framework for framework in frameworks}, {relation.control: relation for relation in relations}
    )
    for relation in relations:
        for name in (relation.control, *relation.requirements):
            listed.control(f"{path.name}: {relation.control}", name)
    return listed


def _framework(table: Table) -> Framework:
    titles = Table(f"{table.place}: controls", table.table("controls"))
    framework = Framework(
        key=table.text("key", pattern=_KEY, accepted="words in lower case and numbers, joined by - or ."),
        name=table.text("name"),
        version=table.text("version"),
        source=_source(table),
        looked_up=_looked_up(table),
        titles={number: titles.text(number) for number in titles.data},
    )
    for number in framework.titles:
        if not _ID.fullmatch(number):
            raise titles.refusal(number, "an id of letters, numbers, dots, hyphens and brackets as its key")
    table.close()
    return framework


def _relation(table: Table) -> Relation:
    relation = Relation(
        control=table.text("control"),
        source=_source(table),
        looked_up=_looked_up(table),
        requirements=table.distinct_texts("requirements", r"\S+", "FRAMEWORK:ID"),
    )
    table.close()
    return relation


def _source(table: Table) -> str:
    return table.text("source", pattern=r"https://\S+", accepted="the address of the page, https://…")


def _looked_up(table: Table) -> date:
    def is_day(value: object) -> bool:
        return isinstance(value, date) and not isinstance(value, datetime)

    day: date = table.take("looked-up", "the day on which the page was read, such as 2026-11-30", is_day)
    return day

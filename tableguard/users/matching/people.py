"""The people whom the table knows: members of groups, with the names that the groups show, and owners of rows.

Keys alone are scanned, as `rows verify` does, and groups are read by their keys: no text of a message is read.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from stream_lambda.batch_get import KEYS_PER_CALL, chunks
from stream_lambda.items import ItemError, User, group_of
from tableguard.projection.scan import scan
from tableguard.projection.views import Reader

Names = tuple[str, str]  # handle and display name


@dataclass
class Person:
    """One user uuid in the table: the groups by the names that they show of the person, and the groups of rows."""

    user_uuid: str
    groups: dict[Names, list[str]] = field(default_factory=dict)
    rows: set[str] = field(default_factory=set)

    @property
    def group_uuids(self) -> list[str]:
        """Return all groups in which the person is, sorted."""
        return sorted(group for groups in self.groups.values() for group in groups)

    @property
    def handles(self) -> list[str]:
        """Return the handles by which groups show the person, sorted."""
        return sorted({handle for handle, _ in self.groups})


@dataclass
class People:
    """Everybody in the table by uuid, the members of each group, and groups that cannot be understood."""

    persons: dict[str, Person] = field(default_factory=dict)
    members: dict[str, tuple[str, ...]] = field(default_factory=dict)
    unusable: dict[str, str] = field(default_factory=dict)  # group -> what is wrong with it

    def add_group(self, group_uuid: str, members: Iterable[User]) -> None:
        """Count the members of a group."""
        users = tuple(members)
        self.members[group_uuid] = tuple(user.user_uuid for user in users)
        for user in users:
            names = self.person(user.user_uuid).groups
            names.setdefault((user.handle, user.display_name), []).append(group_uuid)

    def person(self, user_uuid: str) -> Person:
        """Return the person with this uuid, who may be new."""
        return self.persons.setdefault(user_uuid, Person(user_uuid))


def people(reader: Reader, observe: Callable[[Iterable[str]], Iterable[str]] = iter) -> People:
    """Scan the table's keys and read its groups; `observe` sees each group pass."""
    population = People()
    for page in scan(reader):
        for row in page.rows:
            population.person(row.user_uuid).rows.add(row.group_uuid)
        for chunk in chunks(page.groups, KEYS_PER_CALL):
            _add_groups(population, reader, list(observe(chunk)))
    return population


def _add_groups(population: People, reader: Reader, group_uuids: list[str]) -> None:
    for group_uuid, item in reader.groups(group_uuids).items():
        try:
            population.add_group(group_uuid, group_of(item).members)
        except ItemError as error:
            population.unusable[group_uuid] = str(error)

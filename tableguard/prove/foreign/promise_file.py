"""A file of promises about anybody's documents; docs/promises.md says how to write one."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tableguard.errors import PolicyError
from tableguard.policy import contract
from tableguard.policy.contract import Promise
from tableguard.policy.shorthand import Shorthand
from tableguard.policy.worlds import OPEN_TO_EVERYBODY, opposite_of_all
from tableguard.prove.foreign import documents
from tableguard.prove.foreign import worlds as foreign_worlds
from tableguard.prove.foreign.documents import Found
from tableguard.prove.foreign.worlds import Asked, Given, Owner
from tableguard.prove.shipped.promises import Answer, answer, scope_of
from tableguard.reading import toml_table
from tableguard.reading.placeholders import Values
from tableguard.reading.toml_table import Table
from tableguard.settings import Settings


@dataclass(frozen=True)
class ForeignClaims:
    """The promises of a claims file, the kind and values for the documents, and whose accounts they are about."""

    place: str
    asked: tuple[Asked, ...]
    shorthand: Shorthand
    kind: str = ""
    values: Values | None = None
    full_access: bool | None = None
    roles: Mapping[str, Given] = field(default_factory=dict)

    @property
    def filling(self) -> Values:
        """What placeholders stand for: the settings' values, and above them the file's own."""
        estate = self.shorthand.estate
        pseudo = {"AWS::AccountId": estate.account, "AWS::Region": estate.home_region, "AWS::Partition": "aws"}
        return {**self.shorthand.values, **pseudo, **(self.values or {})}


def load(path: Path, settings: Settings) -> ForeignClaims:
    """What a claims file says; PolicyError names key and what is accepted."""
    table = Table(str(path), toml_table.read_toml(path))
    kind = str(table.take("kind", ", ".join(documents.KINDS), lambda found: found in documents.KINDS, ""))
    owner = replace(
        settings,
        account_id=table.text("account", settings.account_id),
        management_account_id=table.text("management-account", settings.management_account_id),
        organization_id=table.text("organization", settings.organization_id),
        home_region=table.text("region", settings.home_region),
    )
    full = _flag(table, "full-access")
    values = {key: _value(path, key, value) for key, value in table.table("values", {}).items()}
    roles = {name: _given(path, name, given) for name, given in table.table("roles", {}).items()}
    asked = tuple(_asked(table, "account" if kind == "role" else "members"))
    table.close()
    if not asked:
        raise PolicyError(f"{path}: no [[must-deny]] and no [[must-allow]]: nothing to prove")
    toml_table.refuse_repetition(str(path), [each.promise.name for each in asked])
    return ForeignClaims(str(path), asked, Shorthand(owner), kind, values, full, roles)


def _asked(table: Table, callers: str) -> Iterator[Asked]:
    for section, wanted in contract.WANTED.items():
        for number, entry in enumerate(table.tables(section, optional=True), start=1):
            each = Table(f"{table.place}: {section} {number}", entry)
            chosen = each.texts("documents") if "documents" in entry else ()
            endpoint, resource = _flag(each, "endpoint"), _flag(each, "resource")
            each.present("documents")
            yield Asked(contract.promise(each, wanted, callers), chosen, endpoint, resource)


def _flag(table: Table, key: str) -> bool | None:
    """true, false, or None where nothing is said."""
    return table.flag(key) if table.present(key) else None


def _given(path: Path, name: str, data: Any) -> Given:
    if not isinstance(data, dict):
        raise PolicyError(f'{path}: roles: {name}: accepted: {{policies = ["NAME", …], boundary = "NAME"}}')
    table = Table(f"{path}: roles: {name}", data)
    found = Given(table.texts("policies"), table.text("boundary", ""))
    table.close()
    return found


def _value(path: Path, key: str, value: Any) -> str | tuple[str, ...]:
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return tuple(value)
    raise PolicyError(f"{path}: values: {key}: {value!r} is not accepted; accepted: a text or a list of texts")


def answers(asked: ForeignClaims, found: Sequence[Found]) -> Iterator[Answer]:
    """Each promise of the file, in the world of the documents that it is about; for each of its callers' own."""
    owner = Owner(asked.shorthand, asked.full_access, asked.roles)
    worlds = [(each, made) for each in asked.asked for made in foreign_worlds.worlds(each, found, owner)]
    for each, made in worlds:
        promise = _with_endpoint(made, each)
        scope = scope_of(asked.place, promise, asked.shorthand, asked.filling)
        opposite = opposite_of_all(made.world, promise.wanted, OPEN_TO_EVERYBODY)
        yield replace(answer(asked.place, promise, scope, made.world, opposite), assumed=made.assumed)


def _with_endpoint(made: foreign_worlds.Made, asked: Asked) -> Promise:
    """The promise, of requests through the endpoint where there is one: they carry aws:SourceVpce.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-sourcevpce
    """
    if made.world.endpoint is None:
        return made.promise
    written_out = made.promise.statement.get("Condition", {})
    if not isinstance(written_out, dict) or not all(isinstance(lines, dict) for lines in written_out.values()):
        return made.promise  # which is refused when it is read
    condition = {key: dict(lines) for key, lines in written_out.items()}
    operator = next((key for key in condition if key.lower() == "null"), "Null")
    lines = condition.setdefault(operator, {})
    written = next((key for key in lines if key.lower() == "aws:sourcevpce"), "aws:SourceVpce")
    if str(lines.get(written, "false")).lower() != "false":
        raise PolicyError(
            f"{asked.promise.name}: asks for requests without aws:SourceVpce, and through an endpoint, where all have "
            "it; write endpoint = false"
        )
    lines[written] = "false"
    return replace(made.promise, statement={**made.promise.statement, "Condition": condition})

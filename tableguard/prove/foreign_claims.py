"""A claims file about anybody's documents, and the world that those documents make.

kind = "scp"                      # for documents that do not tell
account = "111122223333"          # and management-account, organization, region: those of the settings unless given
full-access = true                # whether FullAWSAccess is attached beside the SCPs
[values]                          # for the placeholders of the documents and of the claims
[[must-deny]]                     # promises, as in policies/**/*.toml
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tableguard.errors import PolicyError
from tableguard.iam import claims, documents
from tableguard.iam.claims import Promise, Table
from tableguard.iam.documents import Values
from tableguard.iam.evaluate import World
from tableguard.iam.statements import Policy, policy
from tableguard.prove.foreign import Found
from tableguard.prove.promises import Answer, answer
from tableguard.settings import Settings

_ALLOW: dict[str, Any] = {"Sid": "Everything", "Effect": "Allow", "Action": "*", "Resource": "*"}
_ALLOW_ANYBODY = {**_ALLOW, "Principal": "*"}


@dataclass(frozen=True)
class ForeignClaims:
    """The promises of a claims file, the kind and values for the documents, and whose accounts they are about."""

    place: str
    promises: tuple[Promise, ...]
    settings: Settings
    kind: str = ""
    values: Values | None = None
    full_access: bool = True

    @property
    def filling(self) -> Values:
        """What placeholders stand for: the settings' values, and above them the file's own."""
        account = {"AWS::AccountId": self.settings.account_id, "AWS::Region": self.settings.home_region}
        return {**self.settings.policy_values(), **account, "AWS::Partition": "aws", **(self.values or {})}


def load(path: Path, settings: Settings) -> ForeignClaims:
    """What a claims file says; PolicyError names key and what is accepted."""
    table = Table(str(path), claims.read_toml(path))
    kind = str(table.take("kind", ", ".join(documents.KINDS), lambda found: found in documents.KINDS, ""))
    owner = replace(
        settings,
        account_id=table.text("account", settings.account_id),
        management_account_id=table.text("management-account", settings.management_account_id),
        organization_id=table.text("organization", settings.organization_id),
        home_region=table.text("region", settings.home_region),
    )
    full = bool(table.take("full-access", "true or false", lambda found: isinstance(found, bool), True))
    values = {key: _value(path, key, value) for key, value in table.table("values", {}).items()}
    found = claims.promises(table, "account" if kind == "role" else "members")
    table.close()
    if not found:
        raise PolicyError(f"{path}: no [[must-deny]] and no [[must-allow]]: nothing to prove")
    return ForeignClaims(str(path), found, owner, kind, values, full)


def _value(path: Path, key: str, value: Any) -> str | tuple[str, ...]:
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return tuple(value)
    raise PolicyError(f"{path}: values: {key}: {value!r} is not accepted; accepted: a text or a list of texts")


def world(found: Sequence[Found], settings: Settings, full_access: bool = True) -> World:
    """The world that these documents make, all of a kind at one level; what they do not speak of allows everything."""
    by_kind: dict[str, list[Policy]] = {}
    for each in found:
        by_kind.setdefault(each.kind, []).append(policy(each.place, each.document))
    full = (policy("everything", {"Statement": [_ALLOW]}),)
    for kind in ("endpoint", "resource"):
        if len(by_kind.get(kind, ())) > 1:
            raise PolicyError(f"{len(by_kind[kind])} {kind} policies: a request meets one of them; prove each alone")
    scps, rcps = tuple(by_kind.get("scp", ())), tuple(by_kind.get("rcp", ()))
    resource = by_kind.get("resource")
    anybody = policy("everything", {"Statement": [_ALLOW_ANYBODY]})
    delegating = {**_ALLOW, "Principal": {"AWS": [settings.account_id]}}
    return World(
        settings.management_account_id,
        service_control=((*(full if full_access else ()), *scps),) if scps else (),
        resource_control=(rcps,) if rcps else (),
        identity=tuple(by_kind.get("role", ())) or full,
        resource=(
            resource[0]
            if resource
            else policy("delegating", {"Statement": [delegating]})
            if "role" in by_kind
            else anybody
        ),
        endpoint=by_kind["endpoint"][0] if "endpoint" in by_kind else None,
    )


def answers(asked: ForeignClaims, found: Sequence[Found]) -> Iterator[Answer]:
    """Each promise of the file, in the world of the documents."""
    made = world(found, asked.settings, asked.full_access)
    for promise in asked.promises:
        yield answer(asked.place, promise, made, _opposite(made, promise), asked.settings, asked.filling)


def _opposite(made: World, promise: Promise) -> World:
    """A world without the documents, or one in which everything is denied."""
    if promise.wanted == "denied":
        full = policy("everything", {"Statement": [_ALLOW]})
        anybody = policy("everything", {"Statement": [_ALLOW_ANYBODY]})
        return World(made.management_account, identity=(full,), resource=anybody)
    denial = policy("nothing", {"Statement": [{**_ALLOW_ANYBODY, "Effect": "Deny"}]})
    return replace(made, resource=denial)

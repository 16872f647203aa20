"""Decide who the members of a group are: pure.

The rows say it. An author alone is no proof: the bootcamp's application lets anybody post who knows a group's uuid, and
a member may read all of it.
"""

from enum import Enum

from stream_lambda.items import Group, User
from tableguard.projection.takeover.source import SourceContents


class Doubt(Enum):
    """Why the members of a group are not known."""

    ROWLESS = "no row says whom it is between; its authors are taken for its members with --authors, if they are two"
    CROWDED = "its rows name more than two people, which its application never writes: one has two uuids"
    ALONE = "its rows name one person"


def members_of(contents: SourceContents, group_uuid: str, *, authors: bool = False) -> Group | Doubt:
    """Return the group with its members, or why they are not known; `authors` takes those of a group without rows."""
    evidence = contents.groups[group_uuid]
    uuids = evidence.named or (evidence.authors if authors and len(evidence.authors) == 2 else set())
    if not uuids:
        return Doubt.ROWLESS
    if len(uuids) != 2:
        return Doubt.CROWDED if len(uuids) > 2 else Doubt.ALONE
    return Group(group_uuid, tuple(_user(contents, user_uuid) for user_uuid in sorted(uuids)))


def _user(contents: SourceContents, user_uuid: str) -> User:
    _, display_name, handle = contents.names.get(user_uuid, ("", "", ""))
    return User(user_uuid, display_name, handle)

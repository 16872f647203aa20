"""Profiles: who must be named before a stack is destroyed."""

import pytest

from tableguard.errors import DeployError
from tableguard.stacks.credentials import ProfileNames
from tableguard.stacks.registry import Principal

BOTH: frozenset[Principal] = frozenset({"break-glass", "management"})


@pytest.mark.parametrize(
    ("profiles", "words"),
    [
        (ProfileNames(management="m"), "needs --break-glass-profile NAME"),
        (ProfileNames(break_glass="b"), "needs --management-profile NAME"),
        (ProfileNames("a"), "needs --management-profile NAME.*, and --break-glass-profile NAME"),
    ],
)
def test_who_destroys_and_is_not_named_is_said(profiles: ProfileNames, words: str) -> None:
    with pytest.raises(DeployError, match=words):
        profiles.require(BOTH)


def test_who_is_not_needed_need_not_be_named() -> None:
    ProfileNames(management="m", break_glass="b").require(BOTH)
    ProfileNames(break_glass="b").require({"break-glass"})
    ProfileNames(management="m").require({"management"})

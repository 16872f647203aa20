"""tableguard installs beside anybody's code: no requirement of it, however far down, holds boto3 back."""

from collections.abc import Callable, Iterable, Iterator
from importlib import metadata

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

Requirements = Callable[[str], Iterable[str]]

# later than any; boto3 itself takes botocore of its own minor version
NEWEST = {"boto3": "999.0", "cryptography": "999.0"}


def installed(distribution: str) -> Iterable[str]:
    return metadata.requires(distribution) or ()


def required(root: str, requirements: Requirements) -> Iterator[tuple[str, Requirement]]:
    """Every requirement below a distribution, with whose it is."""
    visited, to_read = set[tuple[str, str]](), [(root, "")]
    while to_read:
        distribution, extra = to_read.pop()
        if (distribution, extra) in visited:
            continue
        visited.add((distribution, extra))
        for text in requirements(distribution):
            requirement = Requirement(text)
            if requirement.marker is None or requirement.marker.evaluate({"extra": extra}):
                yield distribution, requirement
                to_read += [(canonicalize_name(requirement.name), wanted) for wanted in ("", *requirement.extras)]


def holds_back(root: str, requirements: Requirements) -> list[str]:
    return [
        f"{distribution} requires {requirement}"
        for distribution, requirement in required(root, requirements)
        if requirement.name in NEWEST and not requirement.specifier.contains(NEWEST[requirement.name])
    ]


def test_nothing_below_tableguard_holds_boto3_back() -> None:
    assert "boto3" in {requirement.name for _, requirement in required("tableguard", installed)}
    assert holds_back("tableguard", installed) == []


@pytest.mark.parametrize(
    ("scanner", "answer"),
    [("boto3==1.35.49", ["scanner requires boto3==1.35.49"]), ("boto3>=1.35.49", [])],
)
def test_a_requirement_of_a_requirement_that_holds_boto3_back_is_named(scanner: str, answer: list[str]) -> None:
    tree = {"ours": ["library[scan]>=2"], "library": ["scanner; extra == 'scan'"], "scanner": [scanner]}
    assert holds_back("ours", lambda distribution: tree.get(distribution, [])) == answer

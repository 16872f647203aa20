"""SCPs and RCPs bind where they are attached: what one level allows, another may deny."""

import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tableguard.errors import PolicyError
from tableguard.policy.evaluate import Request, World, decide
from tableguard.policy.principals import principal
from tableguard.policy.shorthand import Shorthand
from tableguard.policy.statements import Policy, policy
from tableguard.policy.worlds import EVERY_REQUEST, FULL_AWS_ACCESS, Scope, guardrails
from tableguard.prove.diff.difference import difference
from tableguard.prove.foreign import promise_file
from tableguard.prove.foreign.documents import ForeignDocument
from tableguard.prove.foreign.levels import more_than_one_level
from tableguard.settings import example
from tests.worlds.policies import ACCOUNT
from tests.worlds.policies import document as parsed

OTHER = "444455556666"


def document(kind: str, name: str, **elements: Any) -> ForeignDocument:
    statement = {"Effect": "Deny", "Resource": "*", **elements}
    return ForeignDocument(name, kind, {"Version": "2012-10-17", "Statement": [statement]}, name)


S3_ONLY = document("scp", "scp/s3-only.json", Effect="Allow", Action="s3:*")
KEEP = document("scp", "scp/keep.json", Action="s3:DeleteBucket")
TABLES = document("rcp", "rcp/tables.json", Action="dynamodb:*", Principal="*")


def levels(**attached: Mapping[str, list[str]]) -> str:
    sections = [
        "\n".join(
            [
                "[[level]]",
                f'name = "{name.replace("__", "/").replace("_", "")}"',
                *(f"{k} = {v}" for k, v in of.items()),
            ]
        )
        for name, of in attached.items()
    ]
    return "\n".join(sections) + "\n"


def promise(kind: str, action: str, *more: str) -> str:
    return "\n".join([f"[[{kind}]]", 'name = "asked"', f'Action = "{action}"', *more, ""])


def answered(folder: Path, text: str, *documents: ForeignDocument) -> list[tuple[str, str]]:
    path = folder / "promises.toml"
    path.write_text(text, encoding="utf-8")
    file = promise_file.load(path, example())
    return [(answer.where, answer.proof.verdict) for answer in promise_file.answers(file, documents)]


FULL = {"scps": ["FullAWSAccess"]}
UNIT = {"scps": ["s3-only"]}


@pytest.mark.parametrize(
    ("root", "unit", "expected"),
    [
        (FULL, FULL, [("callers at root, root/apps", "proved")]),
        (FULL, UNIT, [("callers at root", "proved"), ("callers at root/apps", "refuted")]),
        (UNIT, FULL, [("callers at root, root/apps", "refuted")]),
        (
            FULL,
            {"scps": ["FullAWSAccess", "s3-only"]},
            [("callers at root", "proved"), ("callers at root/apps", "proved")],
        ),
    ],
)
def test_what_one_level_does_not_allow_is_denied_below_one_that_allows_it(
    root: dict[str, list[str]], unit: dict[str, list[str]], expected: list[tuple[str, str]], tmp_path: Path
) -> None:
    text = levels(root=root, root__apps=unit) + promise("must-allow", "ec2:RunInstances")
    found = [S3_ONLY] if UNIT in (root, unit) or len(unit["scps"]) > 1 else []
    assert answered(tmp_path, text, *found) == expected


@pytest.mark.parametrize(
    ("within", "expected"),
    [
        ([], {"callers at root": "refuted", "callers at root/apps, root/apps/444455556666": "proved"}),
        (['levels = "root/apps"'], {"callers at root/apps, root/apps/444455556666": "proved"}),
        (['levels = ["root/apps/*"]'], {"callers at root/apps/444455556666": "proved"}),
    ],
)
def test_a_promise_is_about_every_level_unless_it_names_some(
    within: list[str], expected: dict[str, str], tmp_path: Path
) -> None:
    tree = levels(root=FULL, root__apps={"scps": ["FullAWSAccess", "keep"]}, root__apps__444455556666=FULL)
    text = tree + promise("must-deny", "s3:DeleteBucket", *within)
    assert dict(answered(tmp_path, text, KEEP)) == expected


@pytest.mark.parametrize(
    ("account", "expected"),
    [
        (OTHER, (f"callers at root/{OTHER}", "proved")),
        (ACCOUNT, (f"callers at root, root/{ACCOUNT}", "refuted")),
    ],
)
def test_a_caller_of_an_account_is_at_the_accounts_level(
    account: str, expected: tuple[str, str], tmp_path: Path
) -> None:
    other, own = {"scps": ["FullAWSAccess", "keep"]}, {f"root__{ACCOUNT}": FULL}
    tree = levels(root=FULL, root__444455556666=other, **own)
    role = f'callers = "arn:aws:iam::{account}:role/Admin"'
    assert answered(tmp_path, tree + promise("must-deny", "s3:DeleteBucket", role), KEEP) == [expected]


@pytest.mark.parametrize(
    ("within", "expected"),
    [("root/data", ["proved"]), ("root/apps", ["refuted"]), ("root", ["refuted", "proved"])],
)
def test_rcps_bind_the_resources_of_their_level_whoever_calls(within: str, expected: list[str], tmp_path: Path) -> None:
    tree = levels(root=FULL, root__apps=FULL, root__data={"scps": ["FullAWSAccess"], "rcps": ["tables"]})
    ours = f'Condition = {{StringEquals = {{"aws:ResourceAccount" = "{ACCOUNT}"}}}}'
    text = tree + promise("must-deny", "dynamodb:DeleteTable", ours, f'resource-levels = "{within}"')
    assert [verdict for _, verdict in answered(tmp_path, text, TABLES)] == expected


MANY = [document("scp", f"scp/s{number}.json", Action=f"s3:x{number}") for number in range(11)]
REFUSED = [
    ({"root__apps": FULL}, [], "level root/apps: root is no [[level]]"),
    (
        {"root": FULL, "root__123456789012": FULL, "root__123456789012__x": FULL},
        [],
        "is an account, and nothing is below",
    ),
    ({"root": {"scps": ["absent"]}}, [KEEP], "level root: no SCP is called absent; there are scp/keep.json"),
    ({"root": {"scps": ["keep"]}}, [KEEP], "level root: none of its SCPs allows anything"),
    ({"root": FULL}, [KEEP], "scp/keep.json: attached to no [[level]]"),
    ({"root": {"scps": ["FullAWSAccess", "scp/*"]}}, MANY[:10], "11 SCPs, and AWS attaches at most 10"),
    ({"root": {**FULL, "rcps": ["tables"] * 1, "colour": ["red"]}}, [TABLES], "colour: unknown key"),
    ({"root": FULL, "root__a__b__c__d__e__f": FULL}, [], "units are at most 5 levels deep"),
]


@pytest.mark.parametrize(("attached", "documents", "problem"), REFUSED, ids=[problem for *_, problem in REFUSED])
def test_levels_that_aws_does_not_have_are_one_clear_line(
    attached: dict[str, dict[str, list[str]]], documents: list[ForeignDocument], problem: str, tmp_path: Path
) -> None:
    with pytest.raises(PolicyError) as raised:
        answered(tmp_path, levels(**attached) + promise("must-deny", "s3:DeleteBucket"), *documents)
    assert problem in str(raised.value)


@pytest.mark.parametrize("name", ["Root", "root/", "root//x", "root/x*", "root/ x", "root/x\\u0000y", "root/x\\ny"])
def test_a_level_is_named_by_a_path_of_printable_characters(name: str, tmp_path: Path) -> None:
    text = '[[level]]\nname = "root"\n[[level]]\nname = "{}"\n' + promise("must-allow", "s3:GetObject")
    with pytest.raises(PolicyError, match="is not accepted; accepted: a path from the root, such as"):
        answered(tmp_path, text.replace("{}", name))
    assert answered(tmp_path, text.replace("{}", "root/x y"))


@pytest.mark.parametrize("key", ["levels", "resource-levels"])
def test_a_promise_names_levels_that_there_are(key: str, tmp_path: Path) -> None:
    asked = promise("must-deny", "s3:DeleteBucket", f'{key} = "root/apps"')
    keeping = {"scps": ["FullAWSAccess", "keep"]}
    assert answered(tmp_path, levels(root=keeping, root__apps=FULL) + asked, KEEP)
    with pytest.raises(PolicyError, match=r"no \[\[level\]\] is called root/apps; there are root$"):
        answered(tmp_path, levels(root=keeping) + asked, KEEP)
    with pytest.raises(PolicyError, match=r"levels: the file has no \[\[level\]\]"):
        answered(tmp_path, asked, KEEP)


def test_nine_scps_beside_full_access_are_as_many_as_a_level_takes(tmp_path: Path) -> None:
    tree = levels(root={"scps": ["FullAWSAccess", "scp/*"]})
    assert answered(tmp_path, tree + promise("must-deny", "s3:x1"), *MANY[:9]) == [("callers at root", "proved")]


def test_more_scps_than_a_node_takes_are_spread_if_they_only_deny() -> None:
    assert list(more_than_one_level(MANY[:9])) == []
    (assumed,) = more_than_one_level(MANY[:10])
    assert "the 10 SCPs are spread over levels" in assumed
    with pytest.raises(PolicyError, match=r"write which has which, as \[\[level\]\]"):
        list(more_than_one_level([*MANY[:9], S3_ONLY]))


def test_a_document_that_a_promise_leaves_out_denies_nothing_at_its_level(tmp_path: Path) -> None:
    tree = levels(root={"scps": ["FullAWSAccess", "keep"]}, root__apps=UNIT)
    asked = promise("must-deny", "s3:DeleteBucket", 'documents = ["scp/keep"]')
    assert {verdict for _, verdict in answered(tmp_path, tree + asked, KEEP, S3_ONLY)} == {"proved"}
    asked = promise("must-allow", "ec2:RunInstances", 'documents = ["scp/keep"]')
    assert {verdict for _, verdict in answered(tmp_path, tree + asked, KEEP, S3_ONLY)} == {"proved"}


def under(*allowed: tuple[str, ...]) -> World:
    def allowing(service: str) -> Any:
        return parsed({"Sid": service, "Effect": "Allow", "Action": f"{service}:*", "Resource": "*"}, name=service)

    return guardrails(Shorthand(example()).estate, tuple(tuple(map(allowing, level)) for level in allowed))


@pytest.mark.parametrize(
    ("before", "after", "same"),
    [
        ([("s3", "ec2"), ("s3",)], [("s3",), ("ec2", "s3")], True),  # s3 alone passes both levels
        ([("s3", "ec2"), ("s3", "sqs")], [("s3", "sqs"), ("s3", "ec2")], True),
        ([("s3", "ec2"), ("ec2", "sqs")], [("ec2", "sqs"), ("s3", "ec2")], True),
        # the same SCPs at other levels: ec2 passes both before, sqs after
        ([("s3", "ec2"), ("ec2", "sqs")], [("ec2", "sqs"), ("s3", "sqs")], False),
        ([("s3", "ec2"), ("ec2",), ("sqs",)], [("sqs", "ec2"), ("s3",), ("ec2",)], True),
        ([("s3", "ec2"), ("ec2", "sqs"), ("sqs", "s3")], [("s3", "ec2"), ("ec2", "s3"), ("sqs", "sqs")], True),
        ([("s3",), ("s3", "ec2")], [("s3", "s3"), ("ec2",)], False),
    ],
)
def test_scps_that_allow_and_move_to_another_level_may_mean_something_else(
    before: list[tuple[str, ...]], after: list[tuple[str, ...]], same: bool
) -> None:
    scope = Scope(EVERY_REQUEST, "members", Shorthand(example()).estate)
    assert difference(under(*before), under(*after), scope).same == same


SCPS = {
    "keep": KEEP,
    "s3-only": S3_ONLY,
    "no-ec2": document("scp", "scp/no-ec2.json", Action="ec2:*"),
    "some": document("scp", "scp/some.json", Effect="Allow", Action=["ec2:*", "sqs:*"]),
}
ACTIONS = ("s3:DeleteBucket", "s3:GetObject", "ec2:RunInstances", "sqs:SendMessage")
PATHS = ("root", "root/apps", f"root/apps/{OTHER}", "root/data", f"root/{ACCOUNT}")


def random_tree(chance: random.Random) -> dict[str, list[str]]:
    return {
        path: [*(["FullAWSAccess"] if chance.random() < 0.6 else [chance.choice(["s3-only", "some"])]), *extra]
        for path in PATHS
        for extra in [chance.sample(sorted(SCPS), chance.randint(0, 2))]
    }


def allowed_by_every_level(tree: dict[str, list[str]], path: str, action: str) -> bool:
    """Whether a role of an account at a path may call an action: asked level by level, without the tree's own code."""
    estate = Shorthand(example()).estate
    account = path[-12:] if path[-12:].isdigit() else "777788889999"
    caller = principal(f"arn:aws:iam::{account}:role/Admin")
    request = Request(caller, action, "*", account, {"aws:PrincipalOrgID": estate.organization_id})
    above = [names for name, names in tree.items() if f"{path}/".startswith(f"{name}/")]
    for names in above:
        policies = [FULL_AWS_ACCESS if name == "FullAWSAccess" else _parsed(SCPS[name]) for name in names]
        if not decide(guardrails(estate, (tuple(policies),)), request).allowed:
            return False
    return True


def _parsed(written: ForeignDocument) -> Policy:
    return policy(written.name, written.document)


@pytest.mark.parametrize("seed", range(12))
def test_what_is_proved_of_a_tree_holds_at_each_level_and_what_is_refuted_fails_at_one(
    seed: int, tmp_path: Path
) -> None:
    chance = random.Random(seed)  # noqa: S311  # the same trees in every run
    tree = random_tree(chance)
    named = {name for names in tree.values() for name in names}
    documents = [SCPS[name] for name in sorted(SCPS) if name in named]
    text = levels(**{path.replace("/", "__"): {"scps": names} for path, names in tree.items()})
    for action in ACTIONS:
        for kind, wanted in (("must-deny", False), ("must-allow", True)):
            for where, verdict in answered(tmp_path, text + promise(kind, action), *documents):
                paths = where.removeprefix("callers at ").split(", ")
                assert verdict in ("proved", "refuted")
                agrees = [allowed_by_every_level(tree, path, action) == wanted for path in paths]
                assert all(agrees) == (verdict == "proved"), (where, action, tree)

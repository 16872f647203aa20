"""The folder of attempts: read strictly, refused with file, attempt and key."""

import json
from pathlib import Path
from typing import Any

import pytest

from tableguard.attack import catalogue
from tableguard.attack.attempt import AttackStep, Attempt
from tableguard.attack.principals import PRINCIPALS
from tableguard.errors import PolicyError
from tests.paths import ROOT
from tests.worlds import commands

ATTEMPT = """
[[attempt]]
id = "rename-the-table"
says = "renames the table"
by = "administrator"
attack = ["T1485"]
statements = ["DenyTableDestruction"]
[[attempt.steps]]
call = "sts:AssumeRole"
takes = "taken"
with.RoleArn = "<role>"
[[attempt.steps]]
call = "dynamodb:Rename"
as = "taken"
region = "<elsewhere>"
times = 3
keeps.new = "Table.Arn"
with.TableName = "<table-name>"
"""


def load(folder: Path, text: str = ATTEMPT, name: str = "table") -> tuple[Attempt, ...]:
    path = folder / f"{name}.toml"
    path.write_text(text, encoding="utf-8")
    return catalogue.load(path)


def test_an_attempt_is_read_with_its_steps_and_not_filled(tmp_path: Path) -> None:
    (attempt,) = load(tmp_path)
    assert (attempt.id, attempt.area, attempt.by, attempt.claimed) == (
        "rename-the-table",
        "table",
        "administrator",
        True,
    )
    assert attempt.steps == (
        AttackStep("sts", "AssumeRole", {"RoleArn": "<role>"}, takes="taken"),
        AttackStep(
            "dynamodb", "Rename", {"TableName": "<table-name>"}, "<elsewhere>", "taken", "", {"new": "Table.Arn"}, 3
        ),
    )
    assert attempt.words == {"rename-the-table", "table", "administrator", "T1485"}


REFUSED: dict[str, tuple[str, str, str]] = {
    "an unknown key": ('by = "administrator"', 'by = "administrator"\ncolour = "red"', "colour: unknown key"),
    "somebody unknown": ('by = "administrator"', 'by = "nobody"', "by: 'nobody' is not accepted"),
    "an id with spaces": ('"rename-the-table"', '"Rename the table"', "id: 'Rename the table' is not accepted"),
    "no technique": ('["T1485"]', "[]", "attack: [] is not accepted"),
    "another catalogue": ('attack = ["T1485"]', 'attack = ["T1485"]\ncatalogue = ["D26"]', "catalogue: ['D26'] is not"),
    "a statement that no document has": (
        "DenyTableDestruction",
        "DenyTableRenaming",
        "has a statement 'DenyTableRenaming'",
    ),
    "two claims": ("[[attempt.steps]]", 'uncovered = "x"\n[[attempt.steps]]', "given: statements, uncovered"),
    "no claim": ('statements = ["DenyTableDestruction"]', "", "given: none"),
    "an unknown document": (
        'statements = ["DenyTableDestruction"]',
        'document = "role/nobody"',
        "document: 'role/nobody' is not accepted",
    ),
    "unseen though refused": ("[[attempt.steps]]", 'unseen = "x"\n[[attempt.steps]]', "unseen: belongs to uncovered"),
    "a call without a service": ('"dynamodb:Rename"', '"Rename"', "step 2: call: 'Rename' is not accepted"),
    "credentials that nothing takes": ('as = "taken"', 'as = "found"', "step 2: as: 'found' is not accepted"),
    "a path that is none": ('"Table.Arn"', "7", "keeps: new = 7; accepted"),
}


@pytest.mark.parametrize("fault", REFUSED)
def test_a_fault_is_refused_with_its_attempt_and_key(tmp_path: Path, fault: str) -> None:
    right, wrong, message = REFUSED[fault]
    assert right in ATTEMPT
    with pytest.raises(PolicyError, match="attempt ") as refused:
        load(tmp_path, ATTEMPT.replace(right, wrong, 1))
    assert message in str(refused.value)


def test_two_attempts_of_one_id_are_refused_in_whatever_files(tmp_path: Path) -> None:
    load(tmp_path, name="one")
    load(tmp_path, name="two")
    with pytest.raises(PolicyError, match="'rename-the-table' is the name of two"):
        catalogue.load_all(tmp_path)


def test_the_page_lists_every_principal_and_every_key() -> None:
    page = (ROOT / "policies" / "attempts" / "README.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| `")]
    cells: dict[str, Any] = {row.split("`")[1]: row.strip("| ").split(" | ")[1] for row in rows}
    assert {name: cells[name] for name in PRINCIPALS} == dict(PRINCIPALS)
    keys = {"says", "attack", "catalogue", "statements", "otherwise", "document", "refused-with", "uncovered", "unseen"}
    assert keys | {"id", "by", "call", "with", "region", "takes", "as", "keeps", "times", "[[attempt.steps]]"} == (
        cells.keys() - PRINCIPALS.keys()
    )


def test_the_list_tells_as_json_what_it_tells_as_lines() -> None:
    lines = commands.run("attack", "--list", "--only", "D25").lines
    (told,) = json.loads(commands.run("attack", "--list", "--only", "D25", "--json").out)["attempts"]
    assert [line.split()[0] for line in lines] == [told["id"]] == ["too-large-to-record"]
    assert told["calls"] == ["iam:PutUserPolicy"]
    refused = commands.run("attack", "--list", "--sarif")
    assert (refused.code, refused.out) == (2, "")
    assert "--list has no findings for --sarif" in refused.err

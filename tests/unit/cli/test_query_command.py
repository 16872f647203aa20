"""`tableguard table query`: what is said before a statement runs is what it does, on each engine."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.engines.choice import BOTH
from tests.worlds import moto_modes
from tests.worlds.commands import Ran, run
from tests.worlds.items import put_item
from tests.worlds.moto_modes import REGION, Aws

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", params=BOTH)
def aws(request: pytest.FixtureRequest) -> Iterator[Aws]:
    with moto_modes.embedded(request.param) as aws:
        yield aws


@dataclass(frozen=True)
class Asked:
    """A table with five items of one partition and one of another, and the command on it."""

    aws: Aws
    table: str

    def run(self, rest: str, *options: str, answer: str = "") -> Ran:
        """Run a statement whose table is written $."""
        statement = rest.replace("$", f'"{self.table}"')
        where = "--endpoint-url", self.aws.endpoint, "--region", REGION
        return run("table query", statement, *options, *where, answer=answer)

    def refused(self, rest: str, *options: str, answer: str = "") -> str:
        ran = self.run(rest, *options, answer=answer)
        assert (ran.code, ran.out.removeprefix(f"Type its name, {self.table}, to go on: ")) == (2, "")
        return ran.err.splitlines()[-1]

    def keys(self) -> list[str]:
        items = self.aws.client("dynamodb").scan(TableName=self.table)["Items"]
        return sorted(item["sk"]["S"] for item in items)


@pytest.fixture
def asked(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> Asked:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "CASES")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "CASES")
    table = aws.table()
    for number in range(5):
        put_item(aws, table, sk=str(number), at=str(number), text="x" * 2000)
    put_item(aws, table, pk="other", sk="9")
    return Asked(aws, table)


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("SELECT * FROM $ WHERE pk='p'", "query of 1 partition of table $: about "),
        ("SELECT * FROM $ WHERE pk IN ['p', 'other']", "query of 2 partitions of table $: about "),
        ("SELECT * FROM $ WHERE pk='p' OR pk='other'", "query of 2 partitions of table $: about "),
        ("SELECT * FROM $ WHERE pk='p' AND sk='1'", "get of 1 item of table $: about 0.5 read units to the end"),
        ("SELECT * FROM $.\"by-time\" WHERE pk='p' AND \"at\">'1'", "query of 1 partition of index by-time: about "),
        ("SELECT * FROM $", "scan of all "),
        ("SELECT * FROM $ WHERE sk='1'", "scan of all "),
        ("SELECT * FROM $ WHERE pk='p' OR sk='1'", "scan of all "),
        ("SELECT * FROM $ WHERE pk>'o'", "scan of all "),
        ("SELECT * FROM $ WHERE NOT pk='p'", "scan of all "),
    ],
)
def test_it_says_what_a_statement_reads_and_a_dry_run_reads_nothing(asked: Asked, statement: str, says: str) -> None:
    ran = asked.run(statement, "--dry-run")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith(says.replace("$", asked.table))
    facts = json.loads(asked.run(statement, "--dry-run", "--json").out)
    assert list(facts) == ["plan"]
    assert facts["plan"]["kind"] == says.split(maxsplit=1)[0]


def test_items_are_printed_and_what_they_took_is_told(asked: Asked) -> None:
    ran = asked.run("SELECT sk FROM $ WHERE pk='p' AND sk<'3'")
    assert [json.loads(line) for line in ran.lines] == [{"sk": {"S": key}} for key in "012"]
    planned, totals = ran.err.splitlines()
    assert planned.startswith(f"query of 1 partition of table {asked.table}: about ")
    assert totals in ("3 items, 1 units", "3 items, units not told")  # DynamoDB Local does not tell


def test_pages_go_on_with_their_tokens(asked: Asked) -> None:
    seen: list[str] = []
    token: tuple[str, ...] = ()
    while True:
        facts = json.loads(asked.run("SELECT sk FROM $ WHERE pk='p'", "--limit", "2", *token, "--json").out)
        seen += [item["sk"]["S"] for item in facts["items"]]
        if facts["token"] is None:
            break
        token = "--token", facts["token"]
    assert seen == list("01234")
    assert asked.run("SELECT sk FROM $ WHERE pk='p'", "--limit", "2").err.count("; more with --token ") == 1


def test_all_is_read_to_the_end_and_of_a_scan_only_if_the_name_is_typed(asked: Asked) -> None:
    assert len(asked.run("SELECT sk FROM $ WHERE pk='p'", "--all").lines) == 5
    assert "not confirmed" in asked.refused("SELECT sk FROM $", "--all", answer="no\n")
    assert len(asked.run("SELECT sk FROM $", "--all", answer=f"{asked.table}\n").lines) == 6
    assert len(asked.run("SELECT sk FROM $", "--all", "--yes").lines) == 6
    assert len(asked.run("SELECT sk FROM $", "--limit", "2").lines) == 2  # a page asks nothing


def test_nothing_is_written_unless_told_and_confirmed(asked: Asked) -> None:
    delete, keys = "DELETE FROM $ WHERE pk='p' AND sk='1'", asked.keys()
    assert asked.refused(delete).endswith("DELETE writes; add --write if that is meant")
    assert "not confirmed" in asked.refused(delete, "--write", answer="no\n")
    assert asked.run(delete, "--write", "--dry-run").out.startswith(
        f"delete of one item of table {asked.table}: about "
    )
    assert asked.keys() == keys
    assert asked.run(delete, "--write", answer=f"{asked.table}\n").code == 0
    assert asked.keys() == [key for key in keys if key != "1"]


def test_what_writes_changes_one_item(asked: Asked) -> None:
    assert asked.run("INSERT INTO $ VALUE {'pk': 'p', 'sk': 'new'}", "--write", "--yes").code == 0
    changed = asked.run("UPDATE $ SET z=1 WHERE pk='p' AND sk='new' RETURNING ALL NEW *", "--write", "--yes", "--json")
    facts = json.loads(changed.out)
    assert facts["items"] == [{"pk": {"S": "p"}, "sk": {"S": "new"}, "z": {"N": "1"}}]
    assert facts["plan"]["kind"] == "update"
    assert "ConditionalCheckFailed" in asked.refused("UPDATE $ SET z=1 WHERE pk='p' AND sk='none'", "--write", "--yes")
    assert "WHERE does not name with = sk" in asked.refused("DELETE FROM $ WHERE pk='p'", "--write", "--yes")


def test_parameters_are_texts_or_values(asked: Asked) -> None:
    values = "--parameter", "p", "--parameter", '{"S": "3"}'
    ran = asked.run("SELECT sk FROM $ WHERE pk=? AND sk=?", *values)
    assert ran.lines == ['{"sk": {"S": "3"}}']
    assert ran.err.startswith("get of 1 item")


@pytest.mark.parametrize(
    ("statement", "options", "says"),
    [
        (
            "SELECT * FROM cruddur-messages",
            (),
            "the statement has - where the end is expected; what it would read cannot",
        ),
        ("SELECT * FROM $ WHERE pk=?", (), "the statement has a ? without a parameter"),
        ("SELECT * FROM $", ("--parameter", "p"), "the statement has 1 parameters too many"),
        (
            "SELECT * FROM $ WHERE pk=?",
            ("--parameter", "{p"),
            "parameter {p: not JSON; accepted: a text, or a value such",
        ),
        ("SELECT * FROM $ WHERE pk=?", ("--parameter", "{}"), "parameter {}: not one value"),
        ("SELECT * FROM nobody WHERE pk='p'", (), "no table nobody at http"),
        ("SELECT * FROM $.\"none\" WHERE pk='p'", (), "has no index none; there is by-time"),
        ("SELECT * FROM $.\"by-time\" WHERE pk='p'", ("--consistent",), "is read eventually consistently"),
        ("SELECT * FROM $ ORDER BY sk", (), "ORDER BY takes a WHERE that names pk with = or IN"),
        ("DROP TABLE $", (), "the statement has DROP where SELECT or INSERT or UPDATE or DELETE is expected"),
        ("", (), "the statement has the end where SELECT"),
    ],
)
def test_what_cannot_be_planned_is_refused_in_one_line(
    asked: Asked, statement: str, options: tuple[str, ...], says: str
) -> None:
    ran = asked.run(statement, *options)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert says in ran.err


def test_a_query_takes_no_more_than_it_said(asked: Asked) -> None:
    """The plan's units are those that the engine then tells; DynamoDB Local tells none."""
    for statement, options in (
        ("SELECT * FROM $", ("--all", "--yes")),
        ("SELECT * FROM $ WHERE pk='p' AND sk='2'", ()),
    ):
        facts: Any = json.loads(asked.run(statement, *options, "--json").out)
        assert facts["units"] in (None, facts["plan"]["units"])

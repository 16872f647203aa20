"""The command line: exit codes, one clear line for bad input, and destruction that asks."""

import io
import json
import socket
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pytest

from tableguard import destroy, settings
from tableguard.__main__ import main
from tableguard.deploy import deploy
from tableguard.local import demo, estate, presentation
from tableguard.paths import EXAMPLE_SETTINGS
from tableguard.stacks import STACKS, chosen

EXAMPLES = ("default", "existing-vpc")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to stand in, and no AWS credentials but those of an absent profile."""
    monkeypatch.chdir(tmp_path)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "aws-config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "aws-credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    return tmp_path


def refusal(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The one line on stderr of a command that could not."""
    assert main(arguments) == 2
    lines = [line for line in capsys.readouterr().err.splitlines() if not line.startswith("no settings.toml")]
    assert len(lines) == 1
    assert lines[0].startswith("tableguard: ")
    return lines[0]


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_printed_example_can_be_rendered(folder: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    assert main(["settings", name]) == 0
    (folder / "settings.toml").write_text(capsys.readouterr().out)
    assert main(["render", "--out", "out"]) == 0
    assert sorted(path.stem for path in (folder / "out").iterdir()) == sorted(stack.name for stack in STACKS)


def test_one_stack_is_rendered_alone(folder: Path) -> None:
    assert main(["render", "table", "--out", "out"]) == 0
    assert [path.name for path in (folder / "out").iterdir()] == ["table.yaml"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["settings", "other"], "no example called 'other'; there are: default, existing-vpc"),
        (["render", "tabel"], "unknown stack 'tabel'; there are: access, guardrails"),
        (["render", "--settings", "absent.toml"], "absent.toml: cannot be read"),
        (["check", "absent.yaml"], "absent.yaml: no such file or folder"),
        (["deploy", "--profile", "absent"], "profile absent"),
        (["destroy"], "is a production environment (settings: workload.environment); add --production"),
        (["destroy", "--production", "--profile", "absent"], "profile absent"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    assert words in refusal(capsys, *arguments)
    assert list(folder.iterdir()) == []


def test_a_stack_that_the_settings_leave_out_is_refused_by_name(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["settings"])
    text = capsys.readouterr().out.replace('optional = ["guardrails", "config"]', 'optional = ["guardrails"]')
    (folder / "settings.toml").write_text(text)
    assert "stack config is not asked for: add it to stacks.optional" in refusal(capsys, "render", "config")


def test_a_port_in_use_is_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert f"port {port} of 127.0.0.1 cannot be used" in refusal(capsys, "up", "--port", str(port))


@pytest.mark.parametrize("port", ["-1", "65536", "http"])
def test_a_port_that_is_none_is_refused(port: str) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["up", "--port", port])


@pytest.fixture(scope="module")
def running() -> Iterator[estate.Estate]:
    with estate.running(settings.example("existing-vpc"), 0, lambda step: None) as found:
        yield found


@dataclass(frozen=True)
class Told:
    """What the command said of a demonstration, and what was shown."""

    out: str
    shown: demo.Demonstration


@pytest.fixture(scope="module")
def told(running: estate.Estate) -> Told:
    """The command's demonstration, on the estate that runs: to deploy another takes 8 s."""
    out, shown, run = io.StringIO(), [], demo.run

    def started(*asked: object) -> AbstractContextManager[estate.Estate]:
        assert (asked[:2], asked[3:]) == ((running.settings, 0), (None,))
        return nullcontext(running)

    def kept(found: estate.Estate) -> demo.Demonstration:
        shown.append(run(found))
        return shown[0]

    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out):
        patch.setattr(estate, "running", started)
        patch.setattr(demo, "run", kept)
        assert main(["up", "--demo", "--json", "--settings", str(EXAMPLE_SETTINGS / "existing-vpc.toml")]) == 0
    (found,) = shown
    return Told(out.getvalue(), found)


def test_the_demonstration_tells_the_same_facts_as_json(told: Told) -> None:
    facts = json.loads(told.out)
    assert [stack["stack"] for stack in facts["stacks"]] == [stack.name for stack in STACKS]
    assert facts["read_back"]["differences"] == []
    assert facts["read_back"]["resources"] == sum(stack["resources"] for stack in facts["stacks"])
    assert {len(rows) for rows in facts["demonstration"]["conversations"].values()} == {2}
    assert facts["demonstration"]["refusal"] == told.shown.refusal


def test_provisioned_capacity_in_an_existing_vpc_deploys_too(running: estate.Estate) -> None:
    assert {done.outcome for done in running.deployments} == {"created"}
    assert running.read_back.different == ()
    table = running.roles["deployer"].client("dynamodb").describe_table(TableName=running.settings.table_name)["Table"]
    assert table["ProvisionedThroughput"]["WriteCapacityUnits"] == 10


def test_where_the_application_encrypts_everybody_sees_texts_and_the_table_holds_none(
    running: estate.Estate, told: Told
) -> None:
    seen = {row.last_message for each in told.shown.seen for row in each.conversations}
    assert seen <= {text for *_, text in demo.SAID}
    stored = (
        running.roles["application"]
        .client("dynamodb")
        .query(
            TableName=running.settings.table_name,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": f"GRP#{demo.MEMBERS[0].user_uuid}"}},
        )["Items"]
    )
    assert [list(item["last_message"]) for item in stored] == [["B"], ["B"]]
    assert f"export TABLEGUARD_MESSAGE_KEY={demo.message_key(running)}\n" in presentation.estate_text(running)
    assert json.loads(presentation.estate_json(running))["message_key"].startswith("arn:aws:kms:eu-central-1:")


def test_what_would_be_destroyed_and_kept_is_known_beforehand(running: estate.Estate) -> None:
    doomed = {each.stack.name: each for each in destroy.plan(running.settings, running.session, STACKS)}
    assert list(doomed) == [stack.name for stack in reversed(STACKS)]
    kept, deleted = (dict(found) for found in (doomed["table"].retained, doomed["table"].deleted))
    assert kept["AWS::DynamoDB::Table"] == running.settings.table_name
    assert "AWS::DynamoDB::Table" not in deleted
    assert "AWS::KMS::Alias" in {**deleted, **kept}


def test_changed_settings_change_the_stacks_that_they_concern(running: estate.Estate) -> None:
    changed = settings.parse(
        (EXAMPLE_SETTINGS / "existing-vpc.toml").read_text().replace("[10, 500]", "[20, 500]"), "changed"
    )
    again = deploy(changed, running.session, estate.WAITING, estate.approve, chosen(changed))
    assert [done.stack for done in again if done.outcome == "updated"] == ["table"]

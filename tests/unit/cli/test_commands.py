"""The command line: exit codes, one clear line for bad input, and destruction that asks."""

import io
import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext, redirect_stdout
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError, NoCredentialsError, NoRegionError, UnauthorizedSSOTokenError
from rich.console import Console

from tableguard import settings
from tableguard.check import run as check
from tableguard.check.report import CheckReport
from tableguard.cli import output
from tableguard.cli.app import main
from tableguard.cli.commands import render
from tableguard.cloudformation import template_files
from tableguard.errors import DeployError
from tableguard.local import client_configuration, demo, estate, presentation
from tableguard.local.client_configuration import ClientConfiguration
from tableguard.local.clients import served
from tableguard.local.run_folder import folder as run_folder
from tableguard.local.watch.alert_lines import DELAYS
from tableguard.paths import EXAMPLE_SETTINGS, TEMPLATES
from tableguard.stacks import credentials
from tableguard.stacks.deployment.deploy import deploy
from tableguard.stacks.destruction import plan as deletions
from tableguard.stacks.registry import STACKS, enabled_stacks
from tests.worlds.settings_files import EXAMPLES

pytestmark = pytest.mark.slow


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
    """Return the one line on stderr of a command that could not answer."""
    assert main(arguments) == 2
    lines = [line for line in capsys.readouterr().err.splitlines() if not line.startswith("no settings.toml")]
    assert len(lines) == 1
    assert lines[0].startswith(f"tableguard {arguments[0]}: ")
    return lines[0]


@pytest.mark.parametrize(
    ("options", "region"),
    [((), "us-east-1"), (("--settings", str(EXAMPLE_SETTINGS / "default.toml")), "eu-central-1")],
)
def test_templates_are_checked_for_the_home_region_of_the_settings_that_are_named(
    folder: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...], region: str
) -> None:
    regions: list[str] = []

    def run_on(paths: Sequence[Path], region: str, *_besides: object) -> CheckReport:
        regions.append(region)
        return CheckReport(())

    monkeypatch.setattr(check, "run_on", run_on)
    assert main(["check", str(folder), *options]) == 0
    assert regions == [region]


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_printed_example_can_be_rendered(folder: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    assert main(["settings", name]) == 0
    (folder / "settings.toml").write_text(capsys.readouterr().out)
    assert main(["render", "--out", "out"]) == 0
    enabled = enabled_stacks(settings.load(folder / "settings.toml"))
    assert sorted(path.stem for path in (folder / "out").iterdir()) == sorted(stack.name for stack in enabled)


def test_stacks_are_rendered_below_the_folder_that_the_user_stands_in(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["render", "table"]) == 0
    assert capsys.readouterr().out == "templates/rendered/table.yaml\n"
    assert (folder / "templates" / "rendered" / "table.yaml").read_text() == (
        TEMPLATES / "rendered" / "table.yaml"
    ).read_text()


def test_the_config_rules_are_written_as_a_pack_that_check_reads(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["render", "--conformance-pack", "--out", "out"]) == 0
    assert [path.name for path in (folder / "out").iterdir()] == ["conformance-pack.yaml"]
    (pack,) = template_files.find([folder / "out"]).templates
    assert len(pack.resources("AWS::Config::ConfigRule")) > 50
    assert main(["render", "table", "--conformance-pack", "--out", "out"]) == 2
    assert "--conformance-pack writes no stacks: name none" in capsys.readouterr().err


def test_one_stack_is_rendered_alone(folder: Path) -> None:
    assert main(["render", "table", "--out", "out"]) == 0
    assert [path.name for path in (folder / "out").iterdir()] == ["table.yaml"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["settings", "other"], "there are: complete, default, existing-vpc, single-account"),
        (["render", "tabel"], "unknown stack 'tabel'; there are: bootstrap, login, access, archive, audit"),
        (["render", "--settings", "absent.toml"], "absent.toml: cannot be read"),
        (["check", "absent.yaml"], "absent.yaml: no such file or folder"),
        (["deploy", "--profile", "absent"], "could not be found; name another with --profile"),
        (["deploy"], "the default AWS credentials: Unable to locate credentials; name a profile with --profile"),
        (["destroy"], "is a production environment (settings: workload.environment); add --production"),
        (["destroy", "table", "--production", "--profile", "absent"], "break-glass: profile absent"),
        (["destroy", "table", "--production", "--break-glass-profile", "absent"], "break-glass: profile absent"),
        (["destroy", "table", "--production"], "this needs --break-glass-profile NAME, as nobody else may delete"),
        (["destroy", "guardrails", "--production"], "this needs --management-profile NAME, of the management"),
        (
            ["destroy", "--production", "--profile", "absent"],
            "this needs --management-profile NAME, of the management",
        ),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    assert words in refusal(capsys, *arguments)
    assert list(folder.iterdir()) == []


def test_a_profile_of_the_environment_that_does_not_exist_is_one_line(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "gone")
    assert "profile (gone) could not be found; name another with --" in refusal(capsys, "deploy")


def test_an_endpoint_of_the_environment_that_is_none_is_one_line(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "nonsense")
    assert "the default AWS credentials: Invalid endpoint: nonsense" in refusal(capsys, "deploy")


def test_a_role_assumed_beside_a_leftover_profile_is_refused_in_one_line(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "gone")
    with pytest.raises(DeployError, match=r"cannot be assumed: .*\(gone\) could not be found; .* unset AWS_PROFILE; "):
        credentials.assume(Administrator(), "arn:aws:iam::111122223333:role/deployer", "eu-central-1")


def test_a_role_assumed_without_one_has_the_keys_that_sts_gave(folder: Path) -> None:
    session = credentials.assume(Administrator(), "arn:aws:iam::111122223333:role/deployer", "eu-central-1")
    keys = session.get_credentials()
    assert keys is not None
    assert keys.access_key == "key"


class Administrator:
    """A session whose STS gives keys for any role."""

    def client(self, *_: str, **__: str) -> "Administrator":
        return self

    def assume_role(self, **_: str) -> dict[str, dict[str, Any]]:
        keys = {"AccessKeyId": "key", "SecretAccessKey": "secret", "SessionToken": "token"}
        return {"Credentials": {**keys, "Expiration": datetime.now(UTC) + timedelta(hours=1)}}


@pytest.mark.parametrize(
    ("raised", "line"),
    [
        (
            NoCredentialsError(),
            "tableguard render: Unable to locate credentials; name a profile with --profile, or set ",
        ),
        (UnauthorizedSSOTokenError(), "; sign in again: `aws sso login`"),
        (EndpointConnectionError(endpoint_url="https://a.example"), "; check the endpoint, the region and the network"),
        (NoRegionError(), "tableguard render: You must specify a region.\n"),
    ],
)
def test_what_botocore_cannot_do_is_one_line_with_what_to_do_where_that_is_known(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, raised: Exception, line: str
) -> None:
    def fail(**_: object) -> int:
        raise raised

    monkeypatch.setattr(render.command, "callback", fail)
    assert main(["render"]) == 2
    err = capsys.readouterr().err
    assert line in err
    assert err.count("\n") == 1


def test_an_error_of_our_own_making_is_not_taken_for_one_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(**_: object) -> int:
        raise LookupError("a mistake")

    monkeypatch.setattr(render.command, "callback", fail)
    with pytest.raises(LookupError, match="a mistake"):
        main(["render"])


def test_a_stack_that_the_settings_leave_out_is_refused_by_name(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["settings"])
    text = capsys.readouterr().out.replace(
        'optional = ["guardrails", "oversight", "config"]', 'optional = ["guardrails"]'
    )
    (folder / "settings.toml").write_text(text)
    for command in ("render", "preflight"):
        assert "stack config is not enabled: add it to stacks.optional" in refusal(capsys, command, "config")


def test_a_demonstration_that_cannot_encrypt_is_refused_before_it_begins(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.setattr(estate, "running", lambda *_: pytest.fail("it began"))
    settings_file = str(EXAMPLE_SETTINGS / "existing-vpc.toml")
    assert "pip install 'tableguard[encryption]'" in refusal(capsys, "up", "--demo", "--settings", settings_file)


def test_a_port_in_use_is_named(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(served, "SERVERS", {})  # the estate of other tests here is one of this process
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert f"port {port} of 127.0.0.1 cannot be used" in refusal(capsys, "up", "--port", str(port))


@pytest.mark.parametrize("port", ["-1", "65536", "http"])
def test_a_port_that_is_none_is_refused(port: str) -> None:
    assert main(["up", "--port", port]) == 2


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_an_estate_that_is_half_up_ends_in_order_when_it_is_told_to(folder: Path, number: signal.Signals) -> None:
    up = [sys.executable, "-m", "tableguard", "up"]
    environment = {**os.environ, "TMPDIR": str(folder), "XDG_STATE_HOME": str(folder)}
    with subprocess.Popen(up, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        assert "embedded AWS" in process.stdout.readline()
        process.send_signal(number)
        errors = process.communicate()[1]
    assert (process.returncode, errors.splitlines()[-1]) == (130, "tableguard up: interrupted; nothing of it is left")
    assert [str(path.relative_to(folder)) for path in folder.rglob("*")] == [
        *("tableguard", "tableguard/up", "tableguard/up/lock")
    ]


LEFT_OVER = {"AWS_PROFILE": "application", "AWS_CONFIG_FILE": "/gone", "AWS_RETRY_MODE": "none that exists"}


@pytest.fixture(scope="module")
def running() -> Iterator[estate.EmbeddedEstate]:
    """An estate that was started where the variables of one before it are still set."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in LEFT_OVER.items():
            patch.setenv(name, value)
        with estate.running(settings.example("existing-vpc"), 0, lambda step: None) as found:
            yield found
        assert LEFT_OVER.items() <= os.environ.items()


@pytest.fixture(scope="module")
def clients(running: estate.EmbeddedEstate, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClientConfiguration]:
    """What clients of that estate are configured by."""
    with run_folder.taken("up", {"XDG_STATE_HOME": str(tmp_path_factory.mktemp("state"))}) as taken:
        yield client_configuration.write(running, demo.message_key(running), taken)


@dataclass(frozen=True)
class Told:
    """What the command said of a demonstration, and what was shown."""

    out: str
    shown: demo.Demonstration


@pytest.fixture(scope="module")
def told(running: estate.EmbeddedEstate) -> Told:
    """The command's demonstration, on the estate that runs: to deploy another takes 8 s."""
    out, shown, run = io.StringIO(), [], demo.run

    def started(*asked: object, empty: bool) -> AbstractContextManager[estate.EmbeddedEstate]:
        assert (asked[:2], asked[3:], empty) == ((running.settings, 0), (None, DELAYS), False)
        return nullcontext(running)

    def kept(found: estate.EmbeddedEstate) -> demo.Demonstration:
        shown.append(run(found))
        return shown[0]

    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out):
        patch.setattr(estate, "running", started)
        patch.setattr(demo, "run", kept)
        assert main(["up", "--demo", "--json", "--settings", str(EXAMPLE_SETTINGS / "existing-vpc.toml")]) == 0
    (found,) = shown
    return Told(out.getvalue(), found)


def test_the_demonstration_tells_the_same_facts_as_json(running: estate.EmbeddedEstate, told: Told) -> None:
    facts = json.loads(told.out)
    assert [stack["stack"] for stack in facts["stacks"]] == [stack.name for stack in enabled_stacks(running.settings)]
    assert facts["read_back"]["differences"] == []
    assert facts["read_back"]["resources"] == sum(stack["resources"] for stack in facts["stacks"])
    assert {len(rows) for rows in facts["demonstration"]["conversations"].values()} == {2}
    assert {
        (handle, row["last_message"])
        for handle, rows in facts["demonstration"]["conversations"].items()
        for row in rows
        if row["by"] == "you"
    } == {("teo", demo.MESSAGES[-1][2]), ("mina", demo.MESSAGES[4][2]), ("teo", demo.MESSAGES[5][2])}
    assert facts["demonstration"]["refusal"] == told.shown.refusal


def test_provisioned_capacity_in_an_existing_vpc_deploys_too(running: estate.EmbeddedEstate) -> None:
    assert {done.outcome for done in running.deployments} == {"created"}
    assert running.read_back.different == ()
    table = running.roles["deployer"].client("dynamodb").describe_table(TableName=running.settings.table_name)["Table"]
    assert table["BillingModeSummary"]["BillingMode"] == "PROVISIONED"
    assert table["ProvisionedThroughput"]["WriteCapacityUnits"] >= 10  # another test here makes it 20


def test_where_the_application_encrypts_everybody_sees_texts_and_the_table_holds_none(
    running: estate.EmbeddedEstate, clients: ClientConfiguration, told: Told
) -> None:
    seen = {row.last_message for each in told.shown.seen for row in each.conversations}
    assert seen <= {text for *_, text in demo.MESSAGES}
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
    key = demo.message_key(running)
    assert key
    assert f"\nexport TABLEGUARD_MESSAGE_KEY={key}\n" in clients.environment_file.read_text()
    facts = json.loads(presentation.estate_json(running, clients, None))
    assert facts["message_key"] == facts["environment"]["exported"]["TABLEGUARD_MESSAGE_KEY"] == key


@dataclass
class Serving:
    """An estate that is served by the command until a signal, and what was asked of it."""

    monkeypatch: pytest.MonkeyPatch
    running: estate.EmbeddedEstate
    state: Path

    def until(self, number: signal.Signals, *options: str) -> tuple[int, int, str]:
        """Serve until the signal: the exit code, the port that was asked for, and the environment file's text."""
        ports: list[int] = []
        texts: list[str] = []

        def started(
            _settings: object, port: int, *_: object, empty: bool
        ) -> AbstractContextManager[estate.EmbeddedEstate]:
            assert not empty
            ports.append(port)
            return nullcontext(self.running)

        def send() -> None:
            while not texts:  # a test that fails before it serves ends by itself
                files = self.state.glob("tableguard/*/environment")
                texts.extend(text for file in files if self.running.endpoint in (text := file.read_text()))
                time.sleep(0.02)
            os.kill(os.getpid(), number)

        with self.monkeypatch.context() as patch:
            patch.setenv("XDG_STATE_HOME", str(self.state))
            patch.setattr(estate, "running", started)
            sender = threading.Thread(target=send, daemon=True)
            sender.start()
            code = main(["up", "--settings", str(EXAMPLE_SETTINGS / "existing-vpc.toml"), *options])
            sender.join(1)
        return code, ports[0], texts[0]

    def left(self) -> list[str]:
        return sorted(str(path.relative_to(self.state)) for path in self.state.rglob("*") if path.is_file())


@pytest.fixture
def serving(monkeypatch: pytest.MonkeyPatch, running: estate.EmbeddedEstate, tmp_path: Path) -> Serving:
    return Serving(monkeypatch, running, tmp_path)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_whatever_ends_it_only_the_port_is_left_and_that_is_said_last(
    serving: Serving, capsys: pytest.CaptureFixture[str], number: signal.Signals
) -> None:
    before = [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
    code, _, text = serving.until(number)
    assert code == 0
    assert f"export AWS_ENDPOINT_URL={serving.running.endpoint}\n" in text
    assert capsys.readouterr().err.splitlines()[-2:] == [
        "tableguard up: ending ...",
        "tableguard up: ended; its data, keys and profiles are gone",
    ]
    assert serving.left() == ["tableguard/up/lock"]
    assert [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)] == before


def test_after_a_restart_it_is_where_it_was_if_nobody_else_is(
    serving: Serving, capsys: pytest.CaptureFixture[str]
) -> None:
    first = serving.until(signal.SIGINT)
    assert first[1] == 0
    lock = serving.state / "tableguard" / "up" / "lock"
    port = serving.running.endpoint.rpartition(":")[2]
    assert lock.read_text() == port
    assert "is taken" not in capsys.readouterr().err
    assert serving.until(signal.SIGINT) == first
    assert f"port {port} of the last run is taken: another one is used\n" in capsys.readouterr().err
    with socket.create_server(("127.0.0.1", 0)) as free:
        number = free.getsockname()[1]
    lock.write_text(str(number))
    assert serving.until(signal.SIGINT) == (0, number, first[2])
    assert serving.until(signal.SIGINT, "--port", "0")[1] == 0


@pytest.mark.parametrize("terminal", [True, False])
def test_nothing_moves_on_the_screen_once_it_is_served(
    serving: Serving, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], terminal: bool
) -> None:
    file = io.StringIO()
    console = Console(file=file, force_terminal=True) if terminal else None
    monkeypatch.setattr(output, "terminal", lambda _: console)
    write, screens = presentation.estate_text, list[str]()

    def text(*facts: Any, **hint: Any) -> str:
        screens.append(file.getvalue())
        return write(*facts, **hint)

    monkeypatch.setattr(presentation, "estate_text", text)
    assert serving.until(signal.SIGINT)[0] == 0
    assert [file.getvalue()] == screens
    assert ("starting" in screens[0]) is terminal
    assert "  . " in capsys.readouterr().out


def test_a_second_one_says_where_its_files_are_and_leaves_the_firsts_alone(
    serving: Serving, capsys: pytest.CaptureFixture[str]
) -> None:
    with run_folder.taken("up", {"XDG_STATE_HOME": str(serving.state)}) as first:
        first.write("environment", "first")
        assert f"{first.path}-2/aws-config" in serving.until(signal.SIGINT)[2]
        assert (first.path / "environment").read_text() == "first"
    told = capsys.readouterr()
    assert f"a port of its own, and its files in {first.path}-2\n" in told.err
    assert f"  . {first.path}-2/environment\n" in told.out


def command_lines(
    running: estate.EmbeddedEstate, clients: ClientConfiguration, settings_file: Path | None
) -> list[list[str]]:
    """The lines to paste that run a command, as a shell takes them apart."""
    lines = presentation.estate_text(running, clients, settings_file, hint=True).splitlines()
    return [shlex.split(line, comments=True) for line in lines if line.startswith("  tableguard ")]


def test_commands_are_printed_with_the_settings_file_that_was_named(
    running: estate.EmbeddedEstate, clients: ClientConfiguration, folder: Path
) -> None:
    printed = command_lines(running, clients, Path("our settings.toml"))
    named = str(folder / "our settings.toml")
    assert len(printed) == 4
    assert all(words[words.index("--settings") + 1] == named for words in printed)
    assert json.loads(presentation.estate_json(running, clients, Path("our settings.toml")))["settings_file"] == named


def test_commands_are_printed_without_one_where_none_was_named(
    running: estate.EmbeddedEstate, clients: ClientConfiguration
) -> None:
    assert not any("--settings" in words for words in command_lines(running, clients, None))
    assert json.loads(presentation.estate_json(running, clients, None))["settings_file"] is None


@pytest.mark.parametrize(("administrator", "code"), [("administrator", 0), ("management", 2)])
@pytest.mark.usefixtures("folder")
def test_the_deployment_that_is_printed_finds_everything_deployed(
    running: estate.EmbeddedEstate,
    clients: ClientConfiguration,
    monkeypatch: pytest.MonkeyPatch,
    administrator: str,
    code: int,
) -> None:
    monkeypatch.setenv("AWS_CONFIG_FILE", str(clients.config_file))
    (words,) = (
        line for line in command_lines(running, clients, EXAMPLE_SETTINGS / "existing-vpc.toml") if "deploy" in line
    )
    words[words.index("administrator")] = administrator
    out = io.StringIO()
    with redirect_stdout(out):
        assert main([*words[1:], "--json"]) == code
    by = {stack["stack"]: stack["by"] for stack in json.loads(out.getvalue())["stacks"]} if not code else {}
    assert by == ({stack.name: stack.principal for stack in enabled_stacks(running.settings)} if not code else {})
    assert list(Path().iterdir()) == []


def test_keys_that_the_estate_does_not_know_are_named(
    folder: Path, clients: ClientConfiguration, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in clients.variables.items():
        monkeypatch.setenv(name, value)
    section = "aws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = x\n"
    (folder / "credentials").write_text(f"[administrator]\n{section}[application]\n{section}")
    deploy = (
        "deploy",
        "--dry-run",
        "--settings",
        str(EXAMPLE_SETTINGS / "existing-vpc.toml"),
        "--profile",
        "administrator",
    )
    reading = ("table", "scan", "--table", "any", "--region", "eu-central-1")
    remedy = "; paste the line that `tableguard up` printed, which hides all others\n"
    for command, whose in (
        (deploy, "profile administrator"),
        (reading, "profile application, which AWS_PROFILE names"),
    ):
        main(command)
        assert "it was asked with" not in capsys.readouterr().err
        with monkeypatch.context() as patch:
            patch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(folder / "credentials"))
            assert main(command) == 2
        assert capsys.readouterr().err.endswith(f" is invalid.; it was asked with {whose}{remedy}")


@pytest.mark.parametrize("hint", [True, False])
def test_what_the_user_needs_next_stands_last_on_the_screen(
    running: estate.EmbeddedEstate, clients: ClientConfiguration, hint: bool
) -> None:
    lines = presentation.estate_text(running, clients, None, hint=hint).splitlines()
    beginnings = [line.partition(" ")[0] for line in lines if line and not line.startswith(" ")]
    assert beginnings == ["Not", *(["For"] if hint else []), "Calls", "Profiles:", "The"]
    first, *_, last = [line for line in lines if line.startswith("  ") and not line.startswith("  AWS::")]
    assert first == f"  . {clients.environment_file}"
    assert last == lines[-1]
    assert last.startswith("  tableguard deploy ")


def test_what_would_be_destroyed_and_kept_is_known_beforehand(running: estate.EmbeddedEstate) -> None:
    doomed = {each.stack.name: each for each in deletions.plan(running.settings, running.session, STACKS)}
    assert list(doomed) == [stack.name for stack in reversed(enabled_stacks(running.settings))]
    kept, deleted = (dict(found) for found in (doomed["table"].retained, doomed["table"].deleted))
    assert kept["AWS::DynamoDB::Table"] == running.settings.table_name
    assert "AWS::DynamoDB::Table" not in deleted
    assert "AWS::KMS::Alias" in {**deleted, **kept}


def test_changed_settings_change_the_stacks_that_they_concern(running: estate.EmbeddedEstate) -> None:
    changed = settings.parse(
        (EXAMPLE_SETTINGS / "existing-vpc.toml").read_text().replace("[10, 500]", "[20, 500]"), "changed"
    )
    for chosen in (changed, running.settings):  # the second leaves the estate as the other tests expect it
        again = deploy(chosen, running.session, estate.POLLING, estate.APPROVING, enabled_stacks(chosen))
        assert [done.stack for done in again if done.outcome == "updated"] == ["table"]

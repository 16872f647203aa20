"""One table of cases, asked of moto as it is installed (in a process of its own) and of moto as corrected."""

import importlib
import itertools
import json
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError

from tableguard.local import server
from tests.engines import DYNAMODB_LOCAL, MOTO, dynamodb_local
from tests.engines.differences import DIFFERENCES
from tests.paths import ROOT

REGION = "eu-central-1"
_DYNAMODB = Path("tests", "unit", "local", "moto", "dynamodb")
_ASKED = ("tests.cases.dynamodb_unchanged", "tests.cases.streams")
_names = itertools.count()


@cache
def _client(endpoint: str, service: str, checked: bool = True) -> Any:
    return boto3.client(
        service,  # type: ignore[call-overload]  # the stubs know literal names only
        region_name=REGION,
        endpoint_url=endpoint,
        aws_access_key_id="CASES",
        aws_secret_access_key="CASES",  # noqa: S106  # opens nothing
        config=Config(retries={"total_max_attempts": 1}, proxies={}, parameter_validation=checked),
    )


@dataclass(frozen=True)
class Aws:
    """The embedded AWS for a case: clients, and new tables; `engine` keeps the tables."""

    endpoint: str
    engine: str = MOTO

    def alike(self, name: str) -> bool:
        """Return True if a case has its usual answer; DynamoDB Local differs in some."""
        return self.engine == MOTO or name not in DIFFERENCES

    def client(self, service: str) -> Any:
        """Return a client that tries once."""
        return _client(self.endpoint, service)

    def unchecked_client(self, service: str) -> Any:
        """Return a client that sends what the API does not allow."""
        return _client(self.endpoint, service, checked=False)

    def table(self, view: str | None = "NEW_IMAGE", **more: Any) -> str:
        """Create a table like the one of the messages, with its stream and index."""
        name = f"table-{next(_names)}"
        stream = {"StreamSpecification": {"StreamEnabled": True, "StreamViewType": view}} if view else {}
        key = [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}]
        index_key = [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "at", "KeyType": "RANGE"}]
        index = {"IndexName": "by-time", "KeySchema": index_key, "Projection": {"ProjectionType": "ALL"}}
        definition: dict[str, Any] = {
            "KeySchema": key,
            "AttributeDefinitions": [{"AttributeName": n, "AttributeType": "S"} for n in ("pk", "sk", "at")],
            "GlobalSecondaryIndexes": [index],
            "BillingMode": "PAY_PER_REQUEST",
        }
        self.client("dynamodb").create_table(TableName=name, **{**definition, **stream, **more})
        return name


@contextmanager
def embedded(engine: str) -> Iterator[Aws]:
    """Run the embedded AWS; an engine other than moto keeps its tables."""
    tables = dynamodb_local.engine() if engine == DYNAMODB_LOCAL else None
    with server.start(tables=tables) as running:
        yield Aws(running.endpoint, engine)


@dataclass(frozen=True)
class Case:
    """A question, and AWS's answer; moto's is another."""

    ask: Callable[[Aws], Any]
    answer: Any

    @property
    def name(self) -> str:
        """Return the name of the question."""
        return str(getattr(self.ask, "__name__", self.ask))


def cases(*cases: Case) -> dict[str, Case]:
    """Return cases by name."""
    return {case.name: case for case in cases}


def item(pk: str = "p", sk: str = "s", **more: Any) -> dict[str, Any]:
    """Return an item as the API writes it; further attributes are strings unless given as {type: value}."""
    return {
        name: value if isinstance(value, dict) else {"S": value} for name, value in {"pk": pk, "sk": sk, **more}.items()
    }


def refused(call: Callable[..., Any], *args: Any, **kwargs: Any) -> str:
    """Return the error code with which a call is refused, or 'accepted'; plain moto may answer with a bare 500."""
    try:
        call(*args, **kwargs)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    except ResponseParserError:
        return "crash"
    return "accepted"


def as_aws_answers(aws: Aws, case: Case) -> bool:
    """Return True if a case has AWS's answer; where DynamoDB Local is known to differ, if it has another."""
    answer = answered(aws, case.ask)
    assert (answer == case.answer) == aws.alike(case.name), answer
    return True


def answered(aws: Aws, ask: Callable[[Aws], Any]) -> Any:
    """Return the answer to a case in the form of JSON; a refusal is an answer too."""
    try:
        found = ask(aws)
    except ClientError as error:
        found = {key: value for key, value in error.response.items() if key != "ResponseMetadata"}
    return json.loads(json.dumps(found, default=repr))


@cache
def of_plain_moto(*modules: str) -> dict[str, Any]:
    """Return plain moto's answers to the questions of modules, from one process, as starting one takes 2 s."""
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "tests.worlds.moto_modes", *modules],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    answers: dict[str, Any] = json.loads(run.stdout.splitlines()[-1])  # moto prints to standard output as well
    return answers


def of_plain_dynamodb() -> dict[str, Any]:
    """Return plain moto's answers to every question about DynamoDB: those of all corrections' tests, in one process."""
    return of_plain_moto(*dynamodb_questions())


def dynamodb_questions() -> dict[str, list[str]]:
    """Return the names of all questions about DynamoDB by module; no name is of two."""
    tests = sorted((ROOT / _DYNAMODB).glob("test_*.py"))
    modules = [*_ASKED, *(".".join((*_DYNAMODB.parts, test.stem)) for test in tests)]
    by_module = {module: list(questions(module)) for module in modules}
    asked = [name for names in by_module.values() for name in names]
    assert len(set(asked)) == len(asked), "two questions of one name: an answer would hide behind another's"
    return by_module


def questions(module: str) -> Mapping[str, Callable[[Aws], Any]]:
    """Return the questions of a module, by name: QUESTIONS, or those of the cases CORRECTED."""
    loaded = importlib.import_module(module)
    corrected: Mapping[str, Case] = getattr(loaded, "CORRECTED", {})
    asked: Mapping[str, Callable[[Aws], Any]] = getattr(
        loaded, "QUESTIONS", {name: case.ask for name, case in corrected.items()}
    )
    return asked


def _main(modules: Iterable[str]) -> None:
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    aws = Aws(f"http://{host}:{port}")
    answers = {name: _or_crash(aws, ask) for module in modules for name, ask in questions(module).items()}
    server.stop()
    sys.stdout.write(f"\n{json.dumps(answers)}\n")


def _or_crash(aws: Aws, ask: Callable[[Aws], Any]) -> Any:
    """Return the answer to a case, also where it gets none that it could go on with."""
    try:
        return answered(aws, ask)
    except (AttributeError, KeyError, IndexError, TypeError, ValueError, ResponseParserError) as error:
        return f"crash: {error!r}"


if __name__ == "__main__":
    _main(sys.argv[1:])

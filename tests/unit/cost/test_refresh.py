"""`tableguard prices refresh` reads price files from a server on this machine; a failure leaves the old file alone."""

import json
import socket
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from tableguard.cost.prices import prices_in, prices_of
from tableguard.cost.refresh import refresh
from tableguard.errors import CostError
from tests.worlds import price_files
from tests.worlds.commands import run
from tests.worlds.price_files import REGION, as_bytes, serving

TODAY = date(2026, 12, 1)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def source() -> Iterator[str]:
    files = {"AmazonDynamoDB": as_bytes(price_files.dynamodb()), "awskms": as_bytes(price_files.keys())}
    with serving(files) as address:
        yield address


def test_the_command_writes_what_cost_then_uses(here: Path, source: str) -> None:
    ran = run("prices refresh --from", source)
    assert ran.code == 0, ran.err
    assert "dynamodb-write-request-unit: 0.7625 USD for 1,000,000 write request units; SKU W, 2026-08-14" in ran.lines
    assert "no price for lambda-request: AWSLambda has no price file for eu-central-1" in ran.lines
    assert "no price for dynamodb-bulk-put: AWS's usage type is not known here" in ran.lines
    assert f"reading {source}/offers/v1.0/aws/awskms/current/eu-central-1/index.json" in ran.err
    cost = json.loads(run("cost --json --prices prices-eu-central-1.toml --mode provisioned").out)
    used = {price["name"]: price for price in cost["prices"]}
    assert (used["dynamodb-write-capacity-unit"]["usd"], used["dynamodb-write-capacity-unit"]["sku"]) == (0.000793, "C")
    assert used["kms-key"]["region"] == REGION
    assert used["kms-request"]["region"] == "us-east-1"
    assert used["lambda-request"]["sku"] == ""  # as shipped


def test_the_command_says_the_same_in_json(here: Path, source: str) -> None:
    facts = json.loads(run("prices refresh --json --out p.toml --from", source).out)
    assert (facts["region"], facts["file"]) == (REGION, "p.toml")
    assert {price["name"]: price["usd"] for price in facts["prices"]} == {
        price.name: price.usd for price in prices_in(Path("p.toml"), REGION).values()
    }
    assert "lambda-request" in facts["missing"]


def test_the_file_is_the_same_twice_and_reads_back(tmp_path: Path, source: str) -> None:
    first, second = (refresh(REGION, source, TODAY, lambda _: None) for _ in range(2))
    assert first.text(TODAY) == second.text(TODAY)
    file = tmp_path / "p.toml"
    file.write_text(first.text(TODAY))
    assert set(prices_in(file, REGION).values()) == set(first.prices)


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (b"<html>", "is not JSON"),
        (b"[]", "is not a price file as AWS describes it"),
        (500, "answers 500"),
        (b'{"products": ', "is not JSON"),
    ],
)
def test_an_answer_that_is_no_price_file_leaves_the_old_one(here: Path, answer: bytes | int, text: str) -> None:
    old = Path("prices-eu-central-1.toml")
    old.write_text("# as before\n")
    with serving({"AmazonDynamoDB": as_bytes(price_files.dynamodb()), "awskms": answer}) as address:
        ran = run("prices refresh --from", address)
    assert ran.code == 2
    assert f"/awskms/current/{REGION}/index.json: {text}" in ran.err
    assert old.read_text() == "# as before\n"
    assert list(here.iterdir()) == [here / old]


def test_without_a_network_the_old_file_stays_and_one_line_says_why(here: Path) -> None:
    with socket.socket() as taken:  # bound and not listening: every connection is refused
        taken.bind(("127.0.0.1", 0))
        ran = run("prices refresh --from", f"http://127.0.0.1:{taken.getsockname()[1]}")
    assert ran.code == 2
    assert "cannot be read ([Errno 111] Connection refused); where there is no network" in ran.err.splitlines()[-1]
    assert list(here.iterdir()) == []


@pytest.mark.parametrize(
    ("region", "source", "text"),
    [
        ("cn-north-1", "https://example.com", "region 'cn-north-1': AWS's prices in China are in CNY"),
        ("../etc", "https://example.com", "region '../etc': is not the name of a Region"),
        (REGION, "http://example.com", "--from http://example.com: prices are read by https, or from this machine"),
        (REGION, "file:///etc/passwd", "--from file:///etc/passwd: prices are read by https"),
    ],
)
def test_what_cannot_be_asked_is_refused_before_any_request(region: str, source: str, text: str) -> None:
    with pytest.raises(CostError, match="^" + text.replace("(", r"\(")):
        refresh(region, source, TODAY, lambda _: pytest.fail("it was asked"))


def test_a_region_without_any_price_file_is_an_error() -> None:
    with serving({}) as address, pytest.raises(CostError, match="has no prices of eu-central-9"):
        refresh("eu-central-9", address, TODAY, lambda _: None)


def test_a_place_that_cannot_be_written_is_an_error(here: Path, source: str) -> None:
    ran = run("prices refresh --out absent/p.toml --from", source)
    assert ran.code == 2
    assert "absent/p.toml: cannot be written" in ran.err


GOOD = '[eu-central-1.kms-key]\nusd = 2.5\npage = "https://example.com"\nread = "2026-12-01"\n'


def test_a_users_file_stands_before_ours_and_after_the_option(tmp_path: Path) -> None:
    file = tmp_path / "p.toml"
    file.write_text(GOOD)
    assert prices_of(REGION, (), file)["kms-key"].usd == 2.5
    assert prices_of(REGION, ["kms-key=3"], file)["kms-key"].usd == 3
    assert prices_of(REGION, (), file)["dynamodb-storage"] == prices_of(REGION)["dynamodb-storage"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("usd = ", "is not TOML"),
        (GOOD.replace(REGION, "eu-west-1"), "has no prices of eu-central-1, only of eu-west-1"),
        (GOOD.replace("kms-key", "kms-kee"), "[eu-central-1.kms-kee]: no such price"),
        (GOOD.replace("2.5", "-1"), "[eu-central-1.kms-key]: usd -1 is not accepted"),
        (GOOD.replace("2.5", "true"), "[eu-central-1.kms-key]: usd True is not accepted"),
        (GOOD.replace("2.5", "nan"), "[eu-central-1.kms-key]: usd nan is not accepted"),
        (GOOD.replace("usd", "eur"), "[eu-central-1.kms-key]: accepted are usd, per, page"),
        (GOOD.replace("page", "sku"), "[eu-central-1.kms-key]: page is missing, or no text"),
        (GOOD + "per = 0\n", "[eu-central-1.kms-key]: per 0 is not accepted"),
        (GOOD.replace("2026-12-01", "soon"), "[eu-central-1.kms-key]: read 'soon' is no day"),
        ("eu-central-1 = 1\n", "[eu-central-1] is not a table of prices"),
    ],
)
def test_a_file_of_prices_that_is_wrong_is_refused_with_its_place(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "p.toml"
    file.write_text(text)
    with pytest.raises(CostError) as error:
        prices_in(file, REGION)
    assert str(error.value).startswith(f"{file}: ")
    assert says in str(error.value)


def test_a_file_of_prices_that_is_absent_is_an_error(here: Path) -> None:
    assert "absent.toml: cannot be read" in run("cost --prices absent.toml").err

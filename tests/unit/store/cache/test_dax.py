"""Amazon's client of DAX: asked for over TLS alone, named where it is absent, and one line where nobody answers."""

import importlib.util
from typing import Any

import pytest

from tableguard.errors import TableError
from tableguard.store.cache import dax

URL = "daxs://cluster.invalid"


def test_a_cluster_without_tls_is_refused() -> None:
    with pytest.raises(TableError, match=r"^--cache dax://cluster: messages would travel unencrypted; use daxs://$"):
        dax.client("dax://cluster", None, "eu-central-1")


def test_the_package_that_is_absent_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.util.find_spec
    monkeypatch.setattr(dax, "find_spec", lambda name: None if name == "amazondax" else real(name))
    with pytest.raises(TableError, match=r"pip install 'tableguard\[cache\]'$"):
        dax.client(URL, None, "eu-central-1")


def test_a_client_is_asked_for_with_profile_region_and_address(monkeypatch: pytest.MonkeyPatch) -> None:
    amazondax = pytest.importorskip("amazondax", reason="pip install 'tableguard[cache]'")
    made: list[dict[str, Any]] = []
    monkeypatch.setattr(amazondax, "AmazonDaxClient", lambda session, **named: made.append(named))
    dax.client(URL, None, "eu-central-1")
    assert made == [{"region_name": "eu-central-1", "endpoint_url": URL}]


@pytest.mark.parametrize("error", [OSError("refused")])
def test_a_cluster_that_does_not_answer_is_one_line(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    amazondax = pytest.importorskip("amazondax", reason="pip install 'tableguard[cache]'")

    def refuse(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr(amazondax, "AmazonDaxClient", refuse)
    with pytest.raises(TableError, match=r"^--cache daxs://cluster.invalid: no cluster answers \(refused\); it is"):
        dax.client(URL, None, "eu-central-1")

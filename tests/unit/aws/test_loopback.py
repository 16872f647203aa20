"""An endpoint is on this machine, or it is not."""

import pytest

from tableguard.aws.loopback import is_on_loopback


@pytest.mark.parametrize(
    ("endpoint", "on_loopback"),
    [
        ("http://127.0.0.1:8000", True),
        ("http://localhost", True),
        ("https://[::1]:4566/", True),
        ("http://LOCALHOST:1", True),
        ("https://dynamodb.eu-central-1.amazonaws.com", False),
        ("https://127.0.0.1.example.com", False),
        ("https://127.0.0.1@example.com", False),
        ("https://example.com/127.0.0.1", False),
        ("http://128.0.0.1:8000", False),
        ("nonsense", False),
        ("", False),
        (None, False),
    ],
)
def test_an_endpoint_is_on_loopback_by_its_host(endpoint: str | None, on_loopback: bool) -> None:
    assert is_on_loopback(endpoint) is on_loopback


@pytest.mark.parametrize("endpoint", ["http://[::1", "http://localhost:99999"])
def test_what_is_no_address_is_an_error(endpoint: str) -> None:
    with pytest.raises(ValueError, match=r"Invalid IPv6 URL|Port out of range"):
        is_on_loopback(endpoint)

"""Secure Remote Password: a proof of the password is taken, and one of another, or for other values, is not."""

import pytest

from tableguard.local.moto.cognito import srp

MINE, PUBLIC = 12345, pow(srp.GENERATOR, 12345, srp.PRIME)


def proof_of(exchange: srp.Exchange, password: str, timestamp: str = "now") -> str:
    """What a client sends who knows a password."""
    x = srp.private_key(exchange.salt, exchange.pool, exchange.user, password)
    scrambled = srp.scrambler(PUBLIC, exchange.of_server)
    base = exchange.of_server - srp.MULTIPLIER * pow(srp.GENERATOR, x, srp.PRIME)
    common = pow(base, MINE + scrambled * x, srp.PRIME)
    key = srp.session_key(common, scrambled)
    return srp.signature(key, exchange.pool, exchange.user, exchange.block, timestamp)


def begun(password: str | None = "right") -> srp.Exchange:  # noqa: S107  # a test's
    return srp.begin("Example01", "ada", password, PUBLIC)


def test_the_prime_and_its_half_are_the_group_s() -> None:
    assert srp.PRIME.bit_length() == 3072
    assert pow(2, srp.PRIME - 1, srp.PRIME) == 1
    assert pow(2, (srp.PRIME - 1) // 2, srp.PRIME) == 1


def test_the_right_password_is_proven() -> None:
    exchange = begun()
    assert exchange.proves(exchange.of_server, exchange.secret_block, proof_of(exchange, "right"), "now")


@pytest.mark.parametrize(
    ("password", "timestamp", "block"), [("wrong", "now", None), ("right", "later", None), ("right", "now", "YQ==")]
)
def test_a_proof_of_something_else_is_not_taken(password: str, timestamp: str, block: str | None) -> None:
    exchange = begun()
    proof = proof_of(exchange, password, timestamp)
    assert not exchange.proves(exchange.of_server, block or exchange.secret_block, proof, "now")


def test_of_who_is_not_there_no_proof_is_right() -> None:
    exchange = begun(None)
    public = exchange.of_server
    assert not exchange.proves(public, exchange.secret_block, proof_of(exchange, ""), "now")


@pytest.mark.parametrize("times", [0, 1, 2])
def test_a_value_that_would_prove_any_password_is_refused(times: int) -> None:
    with pytest.raises(ValueError, match="SRP_A"):
        srp.begin("Example01", "ada", "right", times * srp.PRIME)


@pytest.mark.parametrize(
    ("number", "octets"), [(0x7F, b"\x7f"), (0x80, b"\x00\x80"), (0x100, b"\x01\x00"), (2, b"\x02")]
)
def test_a_number_is_hashed_with_a_zero_before_a_first_bit(number: int, octets: bytes) -> None:
    assert srp.octets(number) == octets

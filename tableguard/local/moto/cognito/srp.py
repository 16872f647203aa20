"""The server's side of Secure Remote Password as Cognito has it: a password is proven, and never sent.

The group is RFC 5054's of 3,072 bits; what is hashed, and how, is what AWS's own clients do:
https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-authentication-flow.html
"""

import hmac
import secrets
from base64 import b64encode
from dataclasses import dataclass
from hashlib import sha256

# https://www.rfc-editor.org/rfc/rfc5054#appendix-A, group 5
PRIME = int(
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD"
    "EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED"
    "EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F"
    "83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B"
    "E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA0510"
    "15728E5A8AAAC42DAD33170D04507A33A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7"
    "ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864D87602733EC86A64521F2B18177B200C"
    "BBE117577A615D6C770988C0BAD946E208E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF",
    16,
)
GENERATOR = 2
_INFO = b"Caldera Derived Key\x01"
_KEY_BYTES = 16


def octets(number: int) -> bytes:
    """Return a number as Cognito hashes it: big-endian, with a zero before a first bit that is set."""
    return number.to_bytes(number.bit_length() // 8 + 1, "big")


def _hashed(*parts: bytes) -> int:
    return int.from_bytes(sha256(b"".join(parts)).digest(), "big")


MULTIPLIER = _hashed(octets(PRIME), octets(GENERATOR))


def private_key(salt: int, pool: str, user: str, password: str) -> int:
    """Return what a password is worth in an exchange: the pool is its id after the Region and underscore."""
    return _hashed(octets(salt), sha256(f"{pool}{user}:{password}".encode()).digest())


def scrambler(of_client: int, of_server: int) -> int:
    """Return what binds an exchange to both public values."""
    return _hashed(octets(of_client), octets(of_server))


def session_key(secret: int, scrambled: int) -> bytes:
    """Return the key that both sides come to, if they know the same password."""
    extracted = hmac.digest(octets(scrambled), octets(secret), sha256)
    return hmac.digest(extracted, _INFO, sha256)[:_KEY_BYTES]


def signature(key: bytes, pool: str, user: str, block: bytes, timestamp: str) -> str:
    """Return the proof that a client sends."""
    return b64encode(hmac.digest(key, f"{pool}{user}".encode() + block + timestamp.encode(), sha256)).decode()


@dataclass(frozen=True)
class Exchange:
    """One attempt of a client to prove a password: its public value, and the server's own secret one.

    Of a user who is not there the password is None, and no proof is right.
    """

    pool: str
    user: str
    password: str | None
    of_client: int
    salt: int
    secret: int
    block: bytes

    @property
    def _verifier(self) -> int:
        password = secrets.token_hex() if self.password is None else self.password
        return pow(GENERATOR, private_key(self.salt, self.pool, self.user, password), PRIME)

    @property
    def of_server(self) -> int:
        """Return the server's public value."""
        return (MULTIPLIER * self._verifier + pow(GENERATOR, self.secret, PRIME)) % PRIME

    @property
    def secret_block(self) -> str:
        """Return what the client has to hash along, as it is sent."""
        return b64encode(self.block).decode()

    def proves(self, of_server: int, block: str, proof: str, timestamp: str) -> bool:
        """Tell whether a proof is of this password, in answer to the public value and the block that were sent."""
        if self.password is None or block != self.secret_block:
            return False
        scrambled = scrambler(self.of_client, of_server)
        common = pow(self.of_client * pow(self._verifier, scrambled, PRIME), self.secret, PRIME)
        right = signature(session_key(common, scrambled), self.pool, self.user, self.block, timestamp)
        return secrets.compare_digest(right.encode(), proof.encode())


def begin(pool: str, user: str, password: str | None, of_client: int) -> Exchange:
    """Begin an exchange; ValueError for a client's value by which any password would be proven."""
    if of_client % PRIME == 0:
        raise ValueError("SRP_A: a multiple of the prime")
    return Exchange(
        pool, user, password, of_client, secrets.randbits(128), secrets.randbits(256), secrets.token_bytes(64)
    )

"""The keys with which digest files are signed: one for each account and region, made when one is first needed.

https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_ListPublicKeys.html
"""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

KEY_VALIDITY = timedelta(days=3650)  # AWS takes others from time to time, and lists them all


@dataclass(frozen=True)
class SigningKey:
    """A private key, since when it is in use, and its public half as PKCS #1 has it."""

    since: datetime
    public: bytes
    fingerprint: str
    _private: "RSAPrivateKey" = field(repr=False)

    def sign(self, text: bytes) -> str:
        """Return the signature of a text in hexadecimal digits: SHA256withRSA, with the padding of PKCS #1."""
        from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15  # noqa: PLC0415  # as in `_generated`
        from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415

        return self._private.sign(text, PKCS1v15(), SHA256()).hex()


@dataclass
class SigningKeys:
    """The keys of an embedded AWS."""

    _keys: dict[tuple[str, str], SigningKey] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def of(self, account: str, region: str, now: datetime) -> SigningKey:
        """Return the key of an account in a region, which is made now if there is none."""
        with self._lock:
            if (account, region) not in self._keys:
                self._keys[account, region] = _generated(now)
            return self._keys[account, region]

    def reset(self) -> None:
        """Forget all keys."""
        with self._lock:
            self._keys.clear()


def _generated(now: datetime) -> SigningKey:
    from cryptography.hazmat.primitives.asymmetric import rsa  # noqa: PLC0415  # 40 ms to import, once an hour is due
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat  # noqa: PLC0415

    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = private.public_key().public_bytes(Encoding.DER, PublicFormat.PKCS1)
    fingerprint = hashlib.md5(public, usedforsecurity=False).hexdigest()  # that it is MD5 is AWS's choice
    return SigningKey(now, public, fingerprint, private)

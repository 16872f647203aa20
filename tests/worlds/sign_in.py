"""A member's own device: signs in by SRP and an app, in hexadecimal texts as AWS's client libraries write it."""

import hashlib
import hmac
import secrets
import time
from base64 import b32decode, b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from tableguard.local.moto.cognito.srp import PRIME

Tokens = Mapping[str, Any]


def _hex(number: int) -> str:
    """A number in hexadecimal, with an even number of digits, of which the first is below 8."""
    digits = f"{number:x}"
    digits = f"0{digits}" if len(digits) % 2 else digits
    return f"00{digits}" if digits[0] in "89abcdef" else digits


def _digest(digits: str) -> int:
    return int(hashlib.sha256(bytes.fromhex(digits)).hexdigest(), 16)


def code(secret: str, steps: int = 0) -> str:
    """What an app shows for a secret now, or some steps of thirty seconds later."""
    app = TOTP(b32decode(secret), 6, SHA1(), 30, enforce_key_length=False)  # noqa: S303  # as every such app
    return app.generate(int(time.time()) + 30 * steps).decode()


@dataclass
class Device:
    """A client of Cognito on somebody's device, with the e-mail address, the password and the app's secret."""

    client: Any
    pool_id: str
    client_id: str
    email: str
    password: str
    app_secret: str = ""

    def begin(self) -> Mapping[str, Any]:
        """Prove the password, and return what Cognito asks next."""
        mine = secrets.randbits(256)
        public = pow(2, mine, PRIME)
        asked = self.client.initiate_auth(
            ClientId=self.client_id,
            AuthFlow="USER_SRP_AUTH",
            AuthParameters={"USERNAME": self.email, "SRP_A": f"{public:x}"},
        )
        answer: Mapping[str, Any] = self.client.respond_to_auth_challenge(
            ClientId=self.client_id,
            ChallengeName=asked["ChallengeName"],
            Session=asked["Session"],
            ChallengeResponses=self.proof(asked["ChallengeParameters"], mine, public),
        )
        return answer

    def proof(self, asked: Mapping[str, str], mine: int, public: int) -> dict[str, str]:
        """The answer to PASSWORD_VERIFIER."""
        pool, user, theirs = self.pool_id.split("_")[1], asked["USER_ID_FOR_SRP"], int(asked["SRP_B"], 16)
        identity = hashlib.sha256(f"{pool}{user}:{self.password}".encode()).hexdigest()
        x = _digest(_hex(int(asked["SALT"], 16)) + identity)
        u = _digest(_hex(public) + _hex(theirs))
        k = _digest(_hex(PRIME) + "02")
        common = pow(theirs - k * pow(2, x, PRIME), mine + u * x, PRIME)
        extracted = hmac.new(bytes.fromhex(_hex(u)), bytes.fromhex(_hex(common)), "sha256").digest()
        key = hmac.new(extracted, b"Caldera Derived Key\x01", "sha256").digest()[:16]
        now = datetime.now(UTC)
        timestamp = f"{now:%a %b} {now.day} {now:%H:%M:%S UTC %Y}"
        message = f"{pool}{user}".encode() + b64decode(asked["SECRET_BLOCK"]) + timestamp.encode()
        return {
            "USERNAME": user,
            "PASSWORD_CLAIM_SECRET_BLOCK": asked["SECRET_BLOCK"],
            "PASSWORD_CLAIM_SIGNATURE": b64encode(hmac.new(key, message, "sha256").digest()).decode(),
            "TIMESTAMP": timestamp,
        }

    def respond(self, asked: Mapping[str, Any], **answers: str) -> Mapping[str, Any]:
        """Answer a challenge."""
        name = asked["ChallengeName"]
        named = {"USERNAME": asked["ChallengeParameters"].get("USER_ID_FOR_SRP", self.email), **answers}
        answer: Mapping[str, Any] = self.client.respond_to_auth_challenge(
            ClientId=self.client_id, ChallengeName=name, Session=asked["Session"], ChallengeResponses=named
        )
        return answer

    def choose(self, asked: Mapping[str, Any], password: str) -> Mapping[str, Any]:
        """Choose a password in place of an invitation's."""
        answer = self.respond(asked, NEW_PASSWORD=password)
        self.password = password
        return answer

    def set_up(self, asked: Mapping[str, Any]) -> Tokens:
        """Set an app up, and return the tokens."""
        told = self.client.associate_software_token(Session=asked["Session"])
        self.app_secret = told["SecretCode"]
        shown = self.client.verify_software_token(Session=told["Session"], UserCode=code(self.app_secret))
        tokens: Tokens = self.respond({**asked, "Session": shown["Session"]})["AuthenticationResult"]
        return tokens

    def sign_in(self, steps: int = 1) -> Tokens:
        """Sign in with the app's code, of a step later than that of its set-up: a code serves once."""
        tokens: Tokens = self.respond(self.begin(), SOFTWARE_TOKEN_MFA_CODE=code(self.app_secret, steps))[
            "AuthenticationResult"
        ]
        return tokens

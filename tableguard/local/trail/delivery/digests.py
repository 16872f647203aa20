"""Puts a signed digest of each hour's log files beside them, each naming the one before it.

A chain begins where a trail with file validation starts to log, and in other regions with their first log file. AWS
has digests of all regions from the start. A chain ends with the hour in which logging or validation ends:
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-validation-intro.html
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tableguard.aws.cloudtrail.delivery.files import SIGNATURE_ALGORITHM, SignedDigest, digest_file, signed_text
from tableguard.aws.cloudtrail.delivery.trail import Trail
from tableguard.local.trail.delivery import evidence_bucket
from tableguard.local.trail.delivery.delivery_status import DeliveryStatus
from tableguard.local.trail.delivery.log_files import DeliveredFile
from tableguard.local.trail.delivery.signing_keys import SigningKeys


@dataclass
class _Chain:
    """The digests of a trail and region: the last one, and the log files since."""

    trail: Trail
    region: str
    since: datetime
    files: list[DeliveredFile] = field(default_factory=list)
    previous: SignedDigest | None = None


class Digests:
    """The chains of all trails."""

    def __init__(self, seconds: float) -> None:
        self.keys = SigningKeys()
        self._interval = timedelta(seconds=seconds)
        self._chains: dict[tuple[str, str], _Chain] = {}

    def begin(self, trails: Iterable[Trail], now: datetime) -> None:
        """Begin a chain for each trail that validates files and has none."""
        for trail in trails:
            self._chain(trail, trail.home_region, now)

    def add(self, delivered: DeliveredFile) -> None:
        """Add a log file to the next digest of its trail and region."""
        chain = self._chain(delivered.trail, delivered.region, delivered.time)
        if chain:
            chain.files.append(delivered)

    def deliver(
        self, now: datetime, status: Callable[[Trail], DeliveryStatus], current: Callable[[Trail], Trail | None]
    ) -> None:
        """Put every digest that is due into the bucket of its trail; one that is refused is tried again."""
        for place, chain in list(self._chains.items()):
            while chain.since + self._interval <= now and place in self._chains:
                trail = current(chain.trail)
                if not self._put(chain, trail or chain.trail, status(chain.trail)):
                    break
                if trail is None or not trail.validation:
                    del self._chains[place]

    def reset(self) -> None:
        """Forget all chains and keys."""
        self._chains.clear()
        self.keys.reset()

    def _chain(self, trail: Trail, region: str, now: datetime) -> _Chain | None:
        place = trail.arn, region
        if trail.validation and place not in self._chains:
            self._chains[place] = _Chain(trail, region, now)
        return self._chains.get(place)

    def _put(self, chain: _Chain, trail: Trail, status: DeliveryStatus) -> bool:
        end = chain.since + self._interval
        key = self.keys.of(trail.account, chain.region, end)
        files = [delivered.file for delivered in chain.files if delivered.time <= end]
        interval = chain.since, end
        digest = digest_file(trail, chain.region, interval, files, previous=chain.previous, fingerprint=key.fingerprint)
        signature = key.sign(signed_text(digest, end, chain.previous))
        metadata = {"x-amz-meta-signature": signature, "x-amz-meta-signature-algorithm": SIGNATURE_ALGORITHM}
        error = evidence_bucket.put(trail, digest, end, metadata)
        if error:
            status.digests.failed(end, error)
            return False
        status.digests.succeeded(end)
        chain.since, chain.previous = end, SignedDigest(digest, signature)
        chain.files = [delivered for delivered in chain.files if delivered.time > end]
        return True

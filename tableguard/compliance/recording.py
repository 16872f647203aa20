"""What an account's configuration recorder records: a rule that waits for changes sees nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# https://docs.aws.amazon.com/config/latest/developerguide/select-resources.html: recorded where
# includeGlobalResourceTypes says so
_GLOBAL = frozenset(("AWS::IAM::Group", "AWS::IAM::Policy", "AWS::IAM::Role", "AWS::IAM::User"))


@dataclass(frozen=True)
class Recording:
    """The recorder, its status and its delivery channel, as AWS Config describes them; None for what is not there."""

    recorder: Mapping[str, Any] | None
    recording: bool
    has_channel: bool

    @property
    def obstacle(self) -> str:
        """Return why nothing is recorded, empty if something is."""
        if self.recorder is None:
            return "there is no configuration recorder"
        if not self.has_channel:
            return "the configuration recorder has no delivery channel"
        return "" if self.recording else "the configuration recorder is stopped"

    def records(self, kind: str) -> bool:
        """Tell whether resources of a type are recorded.

        https://docs.aws.amazon.com/config/latest/APIReference/API_RecordingGroup.html
        """
        if self.recorder is None or self.obstacle:
            return False
        group = self.recorder.get("recordingGroup") or {}
        excluded = (group.get("exclusionByResourceTypes") or {}).get("resourceTypes") or ()
        if excluded:
            return kind not in excluded
        if group.get("allSupported"):
            return kind not in _GLOBAL or bool(group.get("includeGlobalResourceTypes"))
        return kind in (group.get("resourceTypes") or ())

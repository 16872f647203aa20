"""AWS's messages of denied access, in every form that it has written them.

https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html has the forms;
https://aws.amazon.com/blogs/security/enhanced-access-denied-error-messages-with-policy-arns those with a policy's ARN;
https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied-authorization-id.html those with an id.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from tableguard.errors import PolicyError
from tableguard.partitions import AWS
from tableguard.policy.evaluate import Layer

Context = Mapping[str, str | tuple[str, ...]]

_MESSAGE = re.compile(
    r"User: (?P<user>\S+) is not authorized to perform: (?P<action>[A-Za-z0-9-]+:[A-Za-z0-9]+)"
    # S3 writes the resource in quotes, IAM a kind and a name or `policy` and an ARN, and KMS sometimes none
    r"(?: on resource: (?:\\?\"(?P<quoted>[^\"\\]+)\\?\"|(?P<kind>user|role|group|instance profile) (?P<name>[^\s\"]+)"
    r"|(?:policy )?(?P<resource>.+?))| on (?P<unnamed>this resource|the resource associated with this ciphertext))?"
    r"(?: with an explicit deny in (?:an?|the) (?P<denies>[A-Za-z -]+? policy|permissions boundary)"
    r"(?:: (?P<arn>arn:[^\s,]+?))?"
    r"| because no (?P<silent>[A-Za-z -]+? policy|permissions boundary) allows the \S+ action)?(?=[.,]?\s|[.,]?$)",
    re.DOTALL,
)
_ENCODED = re.compile(r"[Ee]ncoded authorization failure message: *([\w-]+)")
_ID = re.compile(r"authorization id: *([0-9a-z]+)", re.IGNORECASE)
# AWS's words for a policy -> the layer that it is of
_LAYERS: Mapping[str, Layer] = {
    "identity-based policy": "identity",
    "permissions boundary": "boundary",
    "resource control policy": "rcp",
    "resource-based policy": "resource",
    "role trust policy": "resource",
    "service control policy": "scp",
    "session policy": "session",
    "sessions policy": "session",
    "vpc endpoint policy": "endpoint",
}
_FORM = '"User: ARN is not authorized to perform: SERVICE:ACTION on resource: ARN …", or a CloudTrail record as JSON'


@dataclass(frozen=True)
class Refused:
    """A request that AWS denied, as far as its message or its record tells it.

    `layer` is empty where AWS does not say which kind of policy it was; `explicit` tells a denial from a missing allow.
    `resource` is empty where the message says that there is one, and not which.
    """

    user: str
    action: str
    resource: str
    layer: Layer | None = None
    explicit: bool = False
    policy_arn: str = ""
    authorization_id: str = ""
    region: str = ""
    context: Context = field(default_factory=dict)

    @property
    def reason(self) -> str:
        """Return what AWS says about the policy, in few words."""
        if self.layer is None:
            return "the message names no policy"
        if not self.explicit:
            return f"the message says that no {self.layer} policy allows it"
        return f"the message says that {self.policy_arn or f'a policy of layer {self.layer}'} denies it"


def parse(text: str) -> Refused:
    """Return the request that a message refuses; PolicyError for a text that is none, or is encoded."""
    encoded = _ENCODED.search(text)
    if encoded:
        raise PolicyError(
            "the message is encoded, and only AWS can decode it, for whoever may call sts:DecodeAuthorizationMessage: "
            f"aws sts decode-authorization-message --encoded-message {encoded[1][:12]}…; give `why` what it prints"
        )
    match = _MESSAGE.search(" ".join(text.split()))
    if match is None:
        raise PolicyError(f"no message of denied access is found in this text; accepted: {_FORM}")
    named = _ID.search(text)
    called = (match["denies"] or match["silent"] or "").lower()
    if called and called not in _LAYERS:
        raise PolicyError(f"{called!r} is no kind of policy; known: {', '.join(_LAYERS)}")
    return Refused(
        user=match["user"],
        action=_action(match["action"]),
        resource=_resource(match),
        layer=_LAYERS.get(called),
        explicit=match["denies"] is not None,
        policy_arn=(match["arn"] or "").rstrip(".,"),
        authorization_id=named[1] if named else "",
    )


def _action(written: str) -> str:
    """Return an action with its service in lower case: SNS writes SNS:Publish."""
    service, _, name = written.partition(":")
    return f"{service.lower()}:{name}"


def _resource(match: re.Match[str]) -> str:
    """Return the resource of a message; `*` if it tells of none, and an empty text if it does not say which."""
    if match["unnamed"]:
        return ""
    if match["kind"]:
        parts = match["user"].split(":")
        partition, account = (parts[1], parts[4]) if len(parts) > 5 else (AWS, "")
        return f"arn:{partition}:iam::{account}:{match['kind'].replace(' ', '-')}/{match['name'].rstrip('.,')}"
    return match["quoted"] or (match["resource"] or "*").rstrip('.,"\\')

"""The settings of one organisation as a value, and every name derived from them, written once."""

from dataclasses import dataclass
from typing import ClassVar

from tableguard import partitions

# the roles that people take, or that a pipeline takes, as the access stack names them
TAKEN_ROLES = ("application", "auditor", "break-glass", "deployer", "member-services", "operator")

# the number of a virtual private gateway as a BGP speaker, AWS's default
# https://docs.aws.amazon.com/vpn/latest/s2svpn/VPNRoutingTypes.html
AMAZON_SIDE_ASN = 64_512

_PERMISSION_SET = "permission-set/"
_SET_END = "0123456789abcdef"  # of the role of a permission set, in examples


@dataclass(frozen=True)
class OnDemand:
    """Capacity paid per request, with a ceiling in units a second."""

    max_read_units: int
    max_write_units: int


@dataclass(frozen=True)
class Provisioned:
    """Auto-scaled capacity, (lowest, highest) units a second, for the table and its index alike."""

    read_units: tuple[int, int]
    write_units: tuple[int, int]
    target_percent: int


@dataclass(frozen=True)
class NewVpc:
    """A VPC that the network stack creates: one private subnet in each zone."""

    cidr: str
    zones: int


@dataclass(frozen=True)
class ExistingVpc:
    """A VPC that exists: the network stack adds the endpoint and the security group only."""

    vpc_id: str
    subnet_ids: tuple[str, ...]
    route_table_ids: tuple[str, ...]


@dataclass(frozen=True)
class ExistingLogin:
    """A Cognito user pool that exists, and the client through which members sign in."""

    user_pool_id: str
    client_id: str


@dataclass(frozen=True)
class NewLogin:
    """A user pool that the login stack creates: who may sign up, and after how many days one must sign in again."""

    self_sign_up: bool = False
    session_days: int = 7


@dataclass(frozen=True)
class Vpn:
    """A Site-to-Site VPN that the stack `onprem` makes: the customer's device, and its number as a BGP speaker."""

    device_address: str
    asn: int


@dataclass(frozen=True)
class DirectConnect:
    """Direct Connect: the stack `onprem` makes the gateway that a Direct Connect gateway is associated with."""


@dataclass(frozen=True)
class OnPremises:
    """The address blocks that may reach the table's interface endpoint; no link where one leads to the VPC already."""

    blocks: tuple[str, ...]
    link: Vpn | DirectConnect | None


@dataclass(frozen=True)
class Takers:
    """The principals that may take each role, as written: role ARNs, and permission-set/NAME of IAM Identity Center.

    The application's containers take its role through ECS; `application` names people or roles beside them.
    """

    deployer: tuple[str, ...]
    operator: tuple[str, ...]
    auditor: tuple[str, ...]
    break_glass: tuple[str, ...]
    application: tuple[str, ...] = ()
    member_services: tuple[str, ...] = ()  # without any there is no such role


@dataclass(frozen=True)
class UserDatabase:
    """The application's own table of users: how it is asked, how it is reached, and how a user's Cognito id is written.

    `connection` is service:NAME or variable:NAME. The query may answer `cognito_user_id` too; `update` may be "".
    """

    COLUMNS: ClassVar = ("user_uuid", "handle", "display_name")

    query: str
    connection: str
    update: str = ""


@dataclass(frozen=True)
class Cache:
    """A DAX cluster: the type and number of its nodes, and for how long it keeps answers to queries, and items."""

    node_type: str
    nodes: int
    query_ttl_seconds: int
    item_ttl_seconds: int


@dataclass(frozen=True)
class LogArchive:
    """The account in whose bucket the trail's files stand; without a bucket here, the stack `archive` makes it."""

    account_id: str
    bucket: str = ""
    key_arn: str = ""


@dataclass(frozen=True)
class Settings:
    """Everything that an organisation chooses, and every name derived from it, written once."""

    name: str
    environment: str
    account_id: str
    home_region: str
    allowed_regions: tuple[str, ...]
    table_name: str
    capacity: OnDemand | Provisioned
    client_side_encryption: bool
    conversations_in_table: int
    former_index: bool
    network: NewVpc | ExistingVpc
    exempt_roles: tuple[str, ...]
    break_glass_roles: tuple[str, ...]
    takers: Takers
    alert_email: str
    alert_reads: int
    alert_writes: int
    log_days: int
    audit_days: int
    backup_days: int
    access_log_bucket: str
    artifact_bucket: str
    optional_stacks: tuple[str, ...]
    login: ExistingLogin | NewLogin | None = None  # without one, members have no credentials of their own
    user_database: UserDatabase | None = None  # accounts are in the user pool alone
    cache: Cache | None = None  # where the optional stack is chosen
    on_premises: OnPremises | None = None
    organization_id: str = ""  # an account of its own: no organization, and so no guardrails
    management_account_id: str = ""
    organization_targets: tuple[str, ...] = ()
    log_archive: LogArchive | None = None  # the trail's bucket is of the workload's own account

    @property
    def has_organization(self) -> bool:
        """Tell whether the account is in an organization, whose SCPs and RCPs can bind it."""
        return bool(self.organization_id)

    @property
    def partition(self) -> str:
        """Return the partition of the home Region: aws, aws-cn or aws-us-gov."""
        return partitions.of_region(self.home_region)

    @property
    def function_name(self) -> str:
        """Return the name of the Pattern D function."""
        return f"{self.name}-pattern-d"

    @property
    def message_key_alias(self) -> str:
        """Return the alias of the key with which the application encrypts, if it does."""
        return f"alias/{self.name}-messages"

    @property
    def trail_name(self) -> str:
        """Return the name of the CloudTrail trail."""
        return f"{self.name}-trail"

    @property
    def trail_bucket(self) -> str:
        """Return the name of the bucket that holds the trail's files.

        The archive's begins as the workload's own, so that the same SCPs and detections know it, and is another: the
        bucket of a workload that had no archive stays, with what is locked in it.
        """
        own = f"{self.name}-trail-{self.account_id}-{self.home_region}"
        return own if self.log_archive is None else self.log_archive.bucket or f"{own}-archive"

    @property
    def user_pool_id(self) -> str:
        """Return the user pool's id, or the pattern of all in the home region where a stack's own has none yet."""
        return self.login.user_pool_id if isinstance(self.login, ExistingLogin) else f"{self.home_region}_*"

    @property
    def taken_roles(self) -> tuple[str, ...]:
        """Return the roles that somebody can take: that of member services is made where it has takers."""
        return tuple(role for role in TAKEN_ROLES if role != "member-services" or self.takers.member_services)

    def role_arn(self, role: str) -> str:
        """Return the ARN of a role that the access stack creates."""
        return f"arn:{self.partition}:iam::{self.account_id}:role/{self.name}-{role}"

    def takers_of(self, role: str) -> tuple[str, ...]:
        """Return who may take a role that the access stack creates, as patterns of aws:PrincipalArn.

        A permission set's role ends in an underscore and sixteen characters that Identity Center chooses. Its path has
        the Region of Identity Center, or none in us-east-1; nobody else can create roles under aws-reserved.
        https://docs.aws.amazon.com/singlesignon/latest/userguide/referencingpermissionsets.html
        """
        written: tuple[str, ...] = getattr(self.takers, role.replace("-", "_"))
        if not written:
            # a list of exemptions cannot be empty; no trust policy names the role itself
            return (self.role_arn(role),)
        reserved = f"arn:{self.partition}:iam::{self.account_id}:role/aws-reserved/sso.amazonaws.com*/AWSReservedSSO"
        return tuple(
            f"{reserved}_{taker.removeprefix(_PERMISSION_SET)}_{'?' * 16}"
            if taker.startswith(_PERMISSION_SET)
            else taker
            for taker in written
        )

    def _taker_roles(self) -> tuple[str, ...]:
        """Return the takers' own roles as resources: those of all permission sets, and each that is named."""
        of_sets = f"arn:{self.partition}:iam::{self.account_id}:role/aws-reserved/sso.amazonaws.com/*"
        written = (taker for takers in vars(self.takers).values() for taker in takers)
        return tuple(dict.fromkeys((of_sets, *(taker for taker in written if not taker.startswith(_PERMISSION_SET)))))

    def example_takers_of(self, role: str) -> tuple[str, ...]:
        """Return ARNs that an account of these settings may have for the takers of a role, in the same order."""
        return tuple(
            taker.replace("sso.amazonaws.com*", f"sso.amazonaws.com/{self.home_region}").replace("?" * 16, _SET_END)
            for taker in self.takers_of(role)
        )

    def stack_name(self, stack: str) -> str:
        """Return the CloudFormation name of a stack of templates/."""
        return f"{self.name}-{stack}"

    def export(self, value: str) -> str:
        """Return the name under which one stack exports a value and another imports it."""
        return f"{self.name}-{value}"

    def policy_values(self) -> dict[str, str | tuple[str, ...]]:
        """Return the value of each <placeholder> in the documents under policies/."""
        takers = {role: self.takers_of(role) for role in TAKEN_ROLES}
        exempt = (*self.exempt_roles, *self.break_glass_roles)
        return {
            "access-log-bucket": self.access_log_bucket,
            "account-id": self.account_id,
            "alert-reads": str(self.alert_reads),
            "alert-writes": str(self.alert_writes),
            "allowed-regions": self.allowed_regions,
            "artifact-bucket": self.artifact_bucket,
            "break-glass-roles": self.break_glass_roles,
            "deployer-roles": self.exempt_roles,
            "exempt-roles": exempt,
            "exempt-role-names": tuple(dict.fromkeys(arn.rpartition("/")[2] for arn in exempt)),
            "home-region": self.home_region,
            "management-account-id": self.management_account_id,
            "name": self.name,
            "organization-id": self.organization_id,
            "partition": self.partition,
            "table-name": self.table_name,
            "taker-roles": self._taker_roles(),
            "user-pool-id": self.user_pool_id,
            "takers": tuple(dict.fromkeys(taker for patterns in takers.values() for taker in patterns)),
            **{f"{role}-takers": patterns for role, patterns in takers.items()},
        }

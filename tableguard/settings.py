"""The settings of one organisation, from settings.toml: every wrong value is refused with what is accepted."""

import ipaddress
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tableguard.aws.regions import unknown_region
from tableguard.errors import SettingsError
from tableguard.paths import EXAMPLE_SETTINGS
from tableguard.reading.toml_table import Section, parse_toml, read_toml

Values = dict[str, Any]  # fields of Settings by name

# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html; shorter ones
# exist, but audit evidence of less than a year satisfies none of the frameworks in policies/
LOG_RETENTION_DAYS = (365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)
OPTIONAL_STACKS = ("guardrails", "oversight", "config")
ENVIRONMENTS = ("production", "staging", "development")

_REMEDY = "start from an example: tableguard settings > settings.toml"
# the roles that people take, or that a pipeline takes, as the access stack names them
TAKEN_ROLES = ("application", "auditor", "break-glass", "deployer", "operator")

_PERMISSION_SET = "permission-set/"
_SET_END = "0123456789abcdef"  # of the role of a permission set, in examples
_AN_ACCOUNT, _A_REGION = "a 12-digit account id, in quotes", "a region of the aws partition, such as eu-central-1"
_ACCOUNT = r"[0-9]{12}"
_REGION = r"(af|ap|ca|eu|il|me|mx|sa|us)-[a-z]+-[0-9]"
_ROLE_ARN = rf"arn:aws:iam::{_ACCOUNT}:role/[A-Za-z0-9_+=,.@/-]{{1,64}}"
# https://docs.aws.amazon.com/singlesignon/latest/APIReference/API_CreatePermissionSet.html
_TAKER = rf"{_ROLE_ARN}|permission-set/[A-Za-z0-9_+=,.@-]{{1,32}}"
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html: no two dots together, no IP address
_BUCKET = r"(?!.*\.\.)(?![0-9]+\.[0-9]+\.[0-9]+\.[0-9]+$)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"
# https://www.rfc-editor.org/rfc/rfc1918: Python's is_private has loopback, link-local and documentation blocks too
_PRIVATE = tuple(map(ipaddress.IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")))


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
class Takers:
    """The principals that may take each role, as written: role ARNs, and permission-set/NAME of IAM Identity Center.

    The application's containers take its role through ECS; `application` names people or roles beside them.
    """

    deployer: tuple[str, ...]
    operator: tuple[str, ...]
    auditor: tuple[str, ...]
    break_glass: tuple[str, ...]
    application: tuple[str, ...] = ()


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
    organization_id: str
    management_account_id: str
    organization_targets: tuple[str, ...]
    exempt_roles: tuple[str, ...]
    break_glass_roles: tuple[str, ...]
    takers: Takers
    user_pool_id: str
    client_id: str
    alert_email: str
    alert_reads: int
    alert_writes: int
    log_days: int
    audit_days: int
    backup_days: int
    access_log_bucket: str
    artifact_bucket: str
    optional_stacks: tuple[str, ...]

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

    def role_arn(self, role: str) -> str:
        """Return the ARN of a role that the access stack creates."""
        return f"arn:aws:iam::{self.account_id}:role/{self.name}-{role}"

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
        reserved = f"arn:aws:iam::{self.account_id}:role/aws-reserved/sso.amazonaws.com*/AWSReservedSSO"
        return tuple(
            f"{reserved}_{taker.removeprefix(_PERMISSION_SET)}_{'?' * 16}"
            if taker.startswith(_PERMISSION_SET)
            else taker
            for taker in written
        )

    def _taker_roles(self) -> tuple[str, ...]:
        """Return the takers' own roles as resources: those of all permission sets, and each that is named."""
        of_sets = f"arn:aws:iam::{self.account_id}:role/aws-reserved/sso.amazonaws.com/*"
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
            "table-name": self.table_name,
            "taker-roles": self._taker_roles(),
            "user-pool-id": self.user_pool_id,
            "takers": tuple(dict.fromkeys(taker for patterns in takers.values() for taker in patterns)),
            **{f"{role}-takers": patterns for role, patterns in takers.items()},
        }


def load(path: Path) -> Settings:
    """Read the settings from a file; SettingsError names file, key, value and what is accepted."""
    return _settings(str(path), read_toml(path, SettingsError, _REMEDY))


def example(name: str = "default") -> Settings:
    """Read one of the settings files that are shipped as examples."""
    return load(EXAMPLE_SETTINGS / f"{name}.toml")


def parse(text: str, source: str) -> Settings:
    """Read the settings from TOML text; `source` is the name that errors begin with."""
    return _settings(source, parse_toml(text, source, SettingsError))


def _settings(source: str, data: Mapping[str, Any]) -> Settings:
    file = Section(source, "", data, SettingsError)
    sections = {name: file.section(name) for name in _SECTIONS}
    values: dict[str, Any] = {}
    for name, section in sections.items():
        values |= _SECTIONS[name](section)
    for section in (*sections.values(), file):
        section.close()
    settings = Settings(**values)
    for text in _contradictions(settings):
        raise SettingsError(f"{source}: {text}")
    return settings


def _workload(section: Section) -> Values:
    values: dict[str, Any] = {
        "name": section.text(
            "name", pattern=r"[a-z][a-z0-9-]{1,18}[a-z0-9]", accepted='3 to 20 of a-z, 0-9 and "-", a letter first'
        ),
        "environment": section.choice("environment", ENVIRONMENTS),
        "account_id": section.text("account_id", pattern=_ACCOUNT, accepted=_AN_ACCOUNT),
        "home_region": section.text("home_region", pattern=_REGION, accepted=_A_REGION),
        "allowed_regions": section.distinct_texts("allowed_regions", _REGION, _A_REGION),
    }
    for key, names, accepted in (
        ("home_region", (values["home_region"],), _A_REGION),
        ("allowed_regions", values["allowed_regions"], f"a list, not empty and without repetition, of {_A_REGION}"),
    ):
        for why in filter(None, map(unknown_region, names)):
            raise section.refusal(key, f"{accepted}; {why}")
    return values


def _table(section: Section) -> Values:
    return {
        # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html
        "table_name": section.text(
            "name", pattern=r"[A-Za-z0-9_.-]{3,255}", accepted='3 to 255 of A-Z, a-z, 0-9, "_", "-", "."'
        ),
        "capacity": _capacity(section),
        "client_side_encryption": section.choice("client_side_encryption", (True, False), default=False),
        "conversations_in_table": section.number("conversations_in_table", 0, 1000, default=50),
        "former_index": section.flag("former_index"),
    }


def _capacity(table: Section) -> OnDemand | Provisioned:
    if table.choice("capacity", ("on-demand", "provisioned")) == "on-demand":
        return OnDemand(
            max_read_units=table.number("max_read_units", 1, 10_000_000),
            max_write_units=table.number("max_write_units", 1, 10_000_000),
        )
    section = table.section("provisioned")
    capacity = Provisioned(
        read_units=section.span("read_units", 1, 40_000),
        write_units=section.span("write_units", 1, 40_000),
        # https://docs.aws.amazon.com/autoscaling/application/APIReference: 20 to 90 percent for DynamoDB
        target_percent=section.number("target_percent", 20, 90),
    )
    section.close()
    return capacity


def _network(section: Section) -> Values:
    return {"network": _new_vpc(section) if section.choice("vpc", ("new", "existing")) == "new" else _vpc(section)}


def _new_vpc(section: Section) -> NewVpc:
    accepted = "a private IPv4 block from /16 to /24, such as 10.20.0.0/16"
    return NewVpc(cidr=section.take("cidr", accepted, _is_vpc_block), zones=section.choice("zones", (2, 3)))


def _vpc(section: Section) -> ExistingVpc:
    subnets = section.distinct_texts("subnet_ids", r"subnet-[0-9a-f]{8,17}", "subnet ids")
    if len(subnets) < 2:
        raise section.refusal("subnet_ids", "two subnets or more, in different zones")
    return ExistingVpc(
        vpc_id=section.text("vpc_id", pattern=r"vpc-[0-9a-f]{8,17}", accepted="a VPC id"),
        subnet_ids=subnets,
        route_table_ids=section.distinct_texts("route_table_ids", r"rtb-[0-9a-f]{8,17}", "route table ids"),
    )


def _is_vpc_block(text: object) -> bool:
    try:
        block = ipaddress.IPv4Network(text) if isinstance(text, str) else None
    except ValueError:
        return False
    if block is None or str(block) != text:  # Python reads 10.20.0.0/255.255.0.0 too, AWS does not
        return False
    return 16 <= block.prefixlen <= 24 and any(block.subnet_of(private) for private in _PRIVATE)


def _organization(section: Section) -> Values:
    return {
        "organization_id": section.text(
            "id", pattern=r"o-[a-z0-9]{10,32}", accepted="an organization id: o- and 10 to 32 of a-z, 0-9"
        ),
        "management_account_id": section.text("management_account_id", pattern=_ACCOUNT, accepted=_AN_ACCOUNT),
        "organization_targets": section.distinct_texts(
            "targets",
            rf"r-[0-9a-z]{{4,32}}|ou-[0-9a-z]{{4,32}}-[0-9a-z]{{8,32}}|{_ACCOUNT}",
            "root ids (r-…), organizational unit ids (ou-ROOT-UNIT, UNIT being 8 to 32 of a-z and 0-9) and account ids",
        ),
    }


def _roles(section: Section) -> Values:
    accepted = "full role ARNs without wildcards, arn:aws:iam::ACCOUNT:role/NAME"
    return {
        "exempt_roles": section.distinct_texts("exempt", _ROLE_ARN, accepted),
        "break_glass_roles": section.distinct_texts("break_glass", _ROLE_ARN, accepted),
        "takers": _takers(section.section("takers")),
    }


def _takers(section: Section) -> Takers:
    accepted = "role ARNs without wildcards, and permission-set/NAME for one of IAM Identity Center"
    takers = Takers(
        **{
            role: section.distinct_texts(role, _TAKER, accepted)
            for role in ("deployer", "operator", "auditor", "break_glass")
        },
        application=section.distinct_texts("application", _TAKER, accepted, default=()),
    )
    section.close()
    return takers


def _login(section: Section) -> Values:
    return {
        "user_pool_id": section.text(
            "user_pool_id", pattern=rf"{_REGION}_[0-9A-Za-z]{{1,46}}", accepted="a user pool id, REGION_NAME"
        ),
        "client_id": section.text(
            "client_id", pattern=r"[a-z0-9]{1,128}", accepted="an app client id: 1 to 128 of a-z, 0-9"
        ),
    }


def _alerts(section: Section) -> Values:
    return {
        "alert_email": section.text("email", pattern=r"[^@\s]+@[^@\s]+\.[^@\s]+", accepted="an e-mail address"),
        "alert_reads": section.number("reads", 100, 10_000_000, default=10_000),
        "alert_writes": section.number("writes", 100, 10_000_000, default=5_000),
    }


def _retention(section: Section) -> Values:
    return {
        "log_days": section.choice("log_days", LOG_RETENTION_DAYS),
        "audit_days": section.number("audit_days", 400, 36500),
        "backup_days": section.number("backup_days", 7, 36500),
    }


def _buckets(section: Section) -> Values:
    return {
        "access_log_bucket": section.text("access_logs", pattern=_BUCKET, accepted="a bucket name"),
        "artifact_bucket": section.text("artifacts", pattern=_BUCKET, accepted="a bucket name"),
    }


def _stacks(section: Section) -> Values:
    chosen = section.take(
        "optional",
        f"a list of any of {', '.join(OPTIONAL_STACKS)}",
        lambda value: isinstance(value, list) and all(item in OPTIONAL_STACKS for item in value),
    )
    return {"optional_stacks": tuple(stack for stack in OPTIONAL_STACKS if stack in chosen)}


# in this order missing sections are named
_SECTIONS: Mapping[str, Callable[[Section], Values]] = {
    "workload": _workload,
    "table": _table,
    "network": _network,
    "organization": _organization,
    "roles": _roles,
    "login": _login,
    "alerts": _alerts,
    "retention": _retention,
    "buckets": _buckets,
    "stacks": _stacks,
}


def _contradictions(settings: Settings) -> Iterator[str]:
    """Yield a sentence for each pair of values that are right alone and wrong together."""
    if settings.home_region not in settings.allowed_regions:
        yield (
            f"workload.allowed_regions: {list(settings.allowed_regions)} does not contain the home region "
            f"{settings.home_region!r}; add it, or change workload.home_region"
        )
    yield from _in_organization(settings)
    yield from _in_roles(settings)
    if settings.access_log_bucket == settings.artifact_bucket:
        yield f"buckets.access_logs: {settings.access_log_bucket!r} is the bucket for artifacts too"
    if not settings.user_pool_id.startswith(f"{settings.home_region}_"):
        yield f"login.user_pool_id: {settings.user_pool_id!r} is not in the home region {settings.home_region!r}"


def _in_organization(settings: Settings) -> Iterator[str]:
    if settings.account_id == settings.management_account_id:
        yield (
            f"workload.account_id: {settings.account_id!r} is the management account, which no SCP binds; "
            "keep the table in a member account"
        )
    if settings.management_account_id in settings.organization_targets:
        yield f"organization.targets: {settings.management_account_id!r} is the management account, which no SCP binds"


def _in_roles(settings: Settings) -> Iterator[str]:
    both = sorted(set(settings.exempt_roles) & set(settings.break_glass_roles))
    if both:
        yield f"roles.exempt: {both[0]!r} is a break-glass role too; a role that deploys must not be able to destroy"
    yield from _in_takers(settings)
    for key, name, roles in (
        ("exempt", "deployer", settings.exempt_roles),
        ("break_glass", "break-glass", settings.break_glass_roles),
    ):
        if settings.role_arn(name) not in roles:
            yield (
                f"roles.{key}: {settings.role_arn(name)!r} is not among them; the access stack makes this role, and "
                "the guardrails would stop it"
            )


def _in_takers(settings: Settings) -> Iterator[str]:
    own = (*settings.exempt_roles, *settings.break_glass_roles)
    for role, takers in vars(settings.takers).items():
        for taker in takers:
            if taker in own or taker.startswith(settings.role_arn("")):
                yield (
                    f"roles.takers.{role}: {taker!r} is a role of the workload; none of these may take another, so "
                    "name the role or permission set of the people or of the pipeline"
                )
    both = sorted(set(settings.takers.deployer) & set(settings.takers.break_glass))
    if both:
        yield (
            f"roles.takers.deployer: {both[0]!r} takes break-glass too; who deploys must not be able to destroy, so "
            "use a permission set or role of its own for each"
        )

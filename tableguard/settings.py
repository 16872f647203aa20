"""settings.toml -> Settings: what an organisation chooses, refused with key, value and what is accepted."""

import ipaddress
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tableguard.errors import SettingsError
from tableguard.paths import EXAMPLE_SETTINGS

# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html; shorter ones
# exist, but audit evidence of less than a year satisfies none of the frameworks in policies/
LOG_RETENTION_DAYS = (365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)
OPTIONAL_STACKS = ("guardrails", "config")
ENVIRONMENTS = ("production", "staging", "development")

_ACCOUNT = r"[0-9]{12}"
_REGION = r"(af|ap|ca|eu|il|me|mx|sa|us)-[a-z]+-[0-9]"
_ROLE_ARN = rf"arn:aws:iam::{_ACCOUNT}:role/[A-Za-z0-9_+=,.@/-]{{1,64}}"
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html: no two dots together, no IP address
_BUCKET = r"(?!.*\.\.)(?![0-9]+\.[0-9]+\.[0-9]+\.[0-9]+$)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"
# https://www.rfc-editor.org/rfc/rfc1918: Python's is_private has loopback, link-local and documentation blocks too
_PRIVATE = tuple(map(ipaddress.IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")))


@dataclass(frozen=True)
class OnDemand:
    """Pay per request, with a ceiling on units a second."""

    max_read_units: int
    max_write_units: int


@dataclass(frozen=True)
class Provisioned:
    """Auto-scaled capacity between (lowest, highest) units a second, for the table and its index alike."""

    read_units: tuple[int, int]
    write_units: tuple[int, int]
    target_percent: int


@dataclass(frozen=True)
class NewVpc:
    """A VPC that the network stack makes: one private subnet in each zone."""

    cidr: str
    zones: int


@dataclass(frozen=True)
class ExistingVpc:
    """A VPC that exists: the network stack adds the endpoint and the security group only."""

    vpc_id: str
    subnet_ids: tuple[str, ...]
    route_table_ids: tuple[str, ...]


@dataclass(frozen=True)
class Settings:
    """Everything an organisation chooses; every derived name is a property here, written once."""

    name: str
    environment: str
    account_id: str
    home_region: str
    allowed_regions: tuple[str, ...]
    table_name: str
    capacity: OnDemand | Provisioned
    client_side_encryption: bool
    network: NewVpc | ExistingVpc
    organization_id: str
    management_account_id: str
    organization_targets: tuple[str, ...]
    exempt_roles: tuple[str, ...]
    break_glass_roles: tuple[str, ...]
    user_pool_id: str
    client_id: str
    alert_email: str
    log_days: int
    audit_days: int
    backup_days: int
    access_log_bucket: str
    artifact_bucket: str
    optional_stacks: tuple[str, ...]

    @property
    def function_name(self) -> str:
        """Name of the Pattern D function."""
        return f"{self.name}-pattern-d"

    @property
    def message_key_alias(self) -> str:
        """Alias of the key with which the application encrypts, if it does."""
        return f"alias/{self.name}-messages"

    @property
    def trail_name(self) -> str:
        """Name of the CloudTrail trail."""
        return f"{self.name}-trail"

    def role_arn(self, role: str) -> str:
        """ARN of one of the roles that the access stack makes."""
        return f"arn:aws:iam::{self.account_id}:role/{self.name}-{role}"

    def stack_name(self, stack: str) -> str:
        """Name under which CloudFormation knows a stack of templates/."""
        return f"{self.name}-{stack}"

    def export(self, value: str) -> str:
        """Name under which one stack exports a value and another imports it."""
        return f"{self.name}-{value}"

    def policy_values(self) -> dict[str, str | tuple[str, ...]]:
        """What each <placeholder> of a document under policies/ stands for in this organisation."""
        return {
            "access-log-bucket": self.access_log_bucket,
            "account-id": self.account_id,
            "allowed-regions": self.allowed_regions,
            "artifact-bucket": self.artifact_bucket,
            "break-glass-roles": self.break_glass_roles,
            "exempt-roles": (*self.exempt_roles, *self.break_glass_roles),
            "home-region": self.home_region,
            "management-account-id": self.management_account_id,
            "name": self.name,
            "organization-id": self.organization_id,
            "table-name": self.table_name,
        }


def load(path: Path) -> Settings:
    """The settings in a file; SettingsError names file, key, value and what is accepted."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path}: not UTF-8 text (byte {error.start})") from error
    except OSError as error:
        raise SettingsError(
            f"{path}: cannot be read ({error.strerror}); start from an example: tableguard settings > settings.toml"
        ) from error
    return parse(text, str(path))


def example(name: str = "default") -> Settings:
    """One of the settings files that are shipped as examples."""
    return load(EXAMPLE_SETTINGS / f"{name}.toml")


def parse(text: str, source: str) -> Settings:
    """Settings from TOML text; `source` is the name that errors begin with."""
    try:
        data = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # also a number too long, or brackets too deep, for Python
        raise SettingsError(f"{source}: not TOML: {error}") from error
    return _settings(_Section(source, "", data))


class _Section:
    """One table of the TOML file; reads each key once, and `close` refuses what nobody asked for."""

    def __init__(self, source: str, name: str, data: Mapping[str, Any]) -> None:
        self.source, self.name, self.data = source, name, dict(data)
        self.asked: set[str] = set()

    def wrong(self, key: str, accepted: str) -> SettingsError:
        where = f"{self.name}.{key}" if self.name else key
        value = f"{self.data[key]!r} is not accepted" if key in self.data else "missing"
        return SettingsError(f"{self.source}: {where}: {value}; accepted: {accepted}")

    def value(self, key: str, accepted: str, test: Callable[[Any], bool]) -> Any:
        self.asked.add(key)
        if key not in self.data or not test(self.data[key]):
            raise self.wrong(key, accepted)
        return self.data[key]

    def section(self, key: str) -> "_Section":
        data = self.value(key, f"a [{key}] section", lambda found: isinstance(found, dict))
        return _Section(self.source, f"{self.name}.{key}" if self.name else key, data)

    def text(self, key: str, pattern: str, accepted: str) -> str:
        return str(self.value(key, accepted, lambda found: _matches(pattern, found)))

    def texts(self, key: str, pattern: str, accepted: str) -> tuple[str, ...]:
        found = self.value(
            key,
            f"a list, not empty and without repetition, of {accepted}",
            lambda found: (
                isinstance(found, list)
                and bool(found)
                and all(_matches(pattern, item) for item in found)
                and len(set(found)) == len(found)
            ),
        )
        return tuple(found)

    def choice(self, key: str, choices: tuple[Any, ...]) -> Any:
        # `in` alone would take True for 1
        return self.value(
            key,
            ", ".join(map(str, choices)),
            lambda found: any(found == choice and type(found) is type(choice) for choice in choices),
        )

    def flag(self, key: str) -> bool:
        """False where the key is absent."""
        self.asked.add(key)
        return key in self.data and bool(self.choice(key, (True, False)))

    def number(self, key: str, low: int, high: int) -> int:
        return int(self.value(key, f"a whole number from {low} to {high}", lambda found: _within(found, low, high)))

    def span(self, key: str, low: int, high: int) -> tuple[int, int]:
        found = self.value(
            key,
            f"[lowest, highest], whole numbers from {low} to {high}",
            lambda found: (
                isinstance(found, list)
                and len(found) == 2
                and all(_within(item, low, high) for item in found)
                and found[0] <= found[1]
            ),
        )
        return found[0], found[1]

    def close(self) -> None:
        for key in sorted(set(self.data) - self.asked):
            accepted = ", ".join(sorted(self.asked))
            where = f"[{self.name}]" if self.name else "the file"
            raise SettingsError(
                f"{self.source}: {self.name + '.' if self.name else ''}{key}: unknown key; "
                f"{where} here takes {accepted}"
            )


def _matches(pattern: str, found: object) -> bool:
    return isinstance(found, str) and re.fullmatch(pattern, found) is not None


def _within(found: object, low: int, high: int) -> bool:
    return isinstance(found, int) and not isinstance(found, bool) and low <= found <= high


def _settings(file: _Section) -> Settings:
    workload = file.section("workload")
    table = file.section("table")
    network = file.section("network")
    organization = file.section("organization")
    roles = file.section("roles")
    login = file.section("login")
    alerts = file.section("alerts")
    retention = file.section("retention")
    buckets = file.section("buckets")
    stacks = file.section("stacks")
    region = "a region of the aws partition, such as eu-central-1"
    settings = Settings(
        name=workload.text("name", r"[a-z][a-z0-9-]{1,18}[a-z0-9]", '3 to 20 of a-z, 0-9 and "-", a letter first'),
        environment=workload.choice("environment", ENVIRONMENTS),
        account_id=workload.text("account_id", _ACCOUNT, "a 12-digit account id, in quotes"),
        home_region=workload.text("home_region", _REGION, region),
        allowed_regions=workload.texts("allowed_regions", _REGION, region),
        # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html
        table_name=table.text("name", r"[A-Za-z0-9_.-]{3,255}", '3 to 255 of A-Z, a-z, 0-9, "_", "-", "."'),
        capacity=_capacity(table),
        client_side_encryption=table.flag("client_side_encryption"),
        network=_network(network),
        organization_id=organization.text(
            "id", r"o-[a-z0-9]{10,32}", "an organization id: o- and 10 to 32 of a-z, 0-9"
        ),
        management_account_id=organization.text("management_account_id", _ACCOUNT, "a 12-digit account id, in quotes"),
        organization_targets=organization.texts(
            "targets",
            rf"r-[0-9a-z]{{4,32}}|ou-[0-9a-z]{{4,32}}-[0-9a-z]{{8,32}}|{_ACCOUNT}",
            "root ids (r-…), organizational unit ids (ou-…-…) and account ids",
        ),
        exempt_roles=roles.texts(
            "exempt", _ROLE_ARN, "full role ARNs without wildcards, arn:aws:iam::ACCOUNT:role/NAME"
        ),
        break_glass_roles=roles.texts(
            "break_glass", _ROLE_ARN, "full role ARNs without wildcards, arn:aws:iam::ACCOUNT:role/NAME"
        ),
        user_pool_id=login.text("user_pool_id", rf"{_REGION}_[0-9A-Za-z]{{1,46}}", "a user pool id, REGION_NAME"),
        client_id=login.text("client_id", r"[a-z0-9]{1,128}", "an app client id: 1 to 128 of a-z, 0-9"),
        alert_email=alerts.text("email", r"[^@\s]+@[^@\s]+\.[^@\s]+", "an e-mail address"),
        log_days=retention.choice("log_days", LOG_RETENTION_DAYS),
        audit_days=retention.number("audit_days", 400, 36500),
        backup_days=retention.number("backup_days", 7, 36500),
        access_log_bucket=buckets.text("access_logs", _BUCKET, "a bucket name"),
        artifact_bucket=buckets.text("artifacts", _BUCKET, "a bucket name"),
        optional_stacks=_optional_stacks(stacks),
    )
    for section in (workload, table, network, organization, roles, login, alerts, retention, buckets, stacks, file):
        section.close()
    return _consistent(settings, file.source)


def _capacity(table: _Section) -> OnDemand | Provisioned:
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


def _network(network: _Section) -> NewVpc | ExistingVpc:
    if network.choice("vpc", ("new", "existing")) == "new":
        accepted = "a private IPv4 block from /16 to /24, such as 10.20.0.0/16"
        return NewVpc(cidr=network.value("cidr", accepted, _is_vpc_block), zones=network.choice("zones", (2, 3)))
    subnets = network.texts("subnet_ids", r"subnet-[0-9a-f]{8,17}", "subnet ids")
    if len(subnets) < 2:
        raise network.wrong("subnet_ids", "two subnets or more, in different zones")
    return ExistingVpc(
        vpc_id=network.text("vpc_id", r"vpc-[0-9a-f]{8,17}", "a VPC id"),
        subnet_ids=subnets,
        route_table_ids=network.texts("route_table_ids", r"rtb-[0-9a-f]{8,17}", "route table ids"),
    )


def _is_vpc_block(found: object) -> bool:
    try:
        block = ipaddress.IPv4Network(found) if isinstance(found, str) else None
    except ValueError:
        return False
    if block is None or str(block) != found:  # Python reads 10.20.0.0/255.255.0.0 too, AWS does not
        return False
    return 16 <= block.prefixlen <= 24 and any(block.subnet_of(private) for private in _PRIVATE)


def _optional_stacks(stacks: _Section) -> tuple[str, ...]:
    found = stacks.value(
        "optional",
        f"a list of any of {', '.join(OPTIONAL_STACKS)}",
        lambda found: isinstance(found, list) and all(item in OPTIONAL_STACKS for item in found),
    )
    return tuple(stack for stack in OPTIONAL_STACKS if stack in found)


def _consistent(settings: Settings, source: str) -> Settings:
    """Refuse values that are each right and together contradict one another."""

    def contradiction(text: str) -> SettingsError:
        return SettingsError(f"{source}: {text}")

    if settings.home_region not in settings.allowed_regions:
        raise contradiction(
            f"workload.allowed_regions: {list(settings.allowed_regions)} does not contain the home region "
            f"{settings.home_region!r}; add it, or change workload.home_region"
        )
    if settings.account_id == settings.management_account_id:
        raise contradiction(
            f"workload.account_id: {settings.account_id!r} is the management account, which no SCP binds; "
            "keep the table in a member account"
        )
    if settings.management_account_id in settings.organization_targets:
        raise contradiction(
            f"organization.targets: {settings.management_account_id!r} is the management account, which no SCP binds"
        )
    both = sorted(set(settings.exempt_roles) & set(settings.break_glass_roles))
    if both:
        raise contradiction(
            f"roles.exempt: {both[0]!r} is a break-glass role too; a role that deploys must not be able to destroy"
        )
    for key, name, roles in (
        ("exempt", "deployer", settings.exempt_roles),
        ("break_glass", "break-glass", settings.break_glass_roles),
    ):
        if settings.role_arn(name) not in roles:
            raise contradiction(
                f"roles.{key}: {settings.role_arn(name)!r} is not among them; the access stack makes this role, and "
                "the guardrails would stop it"
            )
    if settings.access_log_bucket == settings.artifact_bucket:
        raise contradiction(f"buckets.access_logs: {settings.access_log_bucket!r} is the bucket for artifacts too")
    if not settings.user_pool_id.startswith(f"{settings.home_region}_"):
        raise contradiction(
            f"login.user_pool_id: {settings.user_pool_id!r} is not in the home region {settings.home_region!r}"
        )
    return settings

"""Every key of settings.toml, with values that are accepted and others, as near as can be, that are refused."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Key:
    """A key with values that are accepted, and others, as near to those as can be, that are not."""

    path: str
    field: str
    accepted: tuple[Any, ...]
    refused: tuple[Any, ...]
    says: str
    example: str = "default"


ROLE = "arn:aws:iam::111122223333:role/"
TAKERS = (
    ["permission-set/A"],
    [f"permission-set/{'a' * 32}", f"{ROLE}path/ci", "arn:aws:iam::444455556666:role/ci"],
    ["permission-set/a+b=c,d.e@f_g-h"],
)
NO_TAKERS: tuple[Any, ...] = (
    [],
    ["A"],
    ["permission-set/"],
    [f"permission-set/{'a' * 33}"],
    ["permission-set/*"],
    ["permission-set/a/b"],
    [f"{ROLE}*"],
    ["arn:aws:iam::111122223333:user/someone"],
    ["arn:aws:iam::111122223333:root"],
    ["permission-set/A"] * 2,
)
NAMES = ("read_units", "write_units")
KEYS = (
    Key(
        "workload.name",
        "name",
        ("abc", "a-1", "a" + "b" * 19, "x9z"),
        ("", "ab", "a" + "b" * 20, "1abc", "-abc", "abc-", "Abc", "a_b", "a.b", "a b", "abc\n", "äbc"),
        "3 to 20 of a-z, 0-9",
    ),
    Key(
        "workload.environment",
        "environment",
        ("production", "staging", "development"),
        ("", "prod", "Production", "production "),
        "production, staging, development",
    ),
    Key(
        "workload.account_id",
        "account_id",
        ("444455556666", "000000000000"),
        ("", "44445555666", "4444555566667", "44445555666a", "4444-5555-6666", "٤٤٤٤٥٥٥٥٦٦٦٦"),
        "12-digit account id, in quotes",
    ),
    Key(
        "workload.home_region",
        "home_region",
        ("eu-central-1",),
        (
            "",
            "eu-central",
            "central-1",
            "eu-central-1a",
            "eu-central-9",
            "EU-CENTRAL-1",
            "cn-central-1",
            "us-gov-central-1",
            "us-iso-east-1",
            "eu-central-１",
        ),
        "a region of AWS, GovCloud or China",
    ),
    Key(
        "workload.allowed_regions",
        "allowed_regions",
        (["eu-central-1"], ["eu-west-1", "eu-central-1"], ["ap-southeast-2", "eu-central-1", "us-east-1"]),
        (
            [],
            [""],
            ["eu-central-1", "eu-central-1"],
            ["eu-central-1", "mars-1"],
            ["eu-central-1", "eu-central-9"],
            ["*"],
            ["eu-central-1", 1],
            [["eu-central-1"]],
        ),
        "a list, not empty and without repetition, of a region",
    ),
    Key(
        "table.name",
        "table_name",
        ("abc", "A_b-c.9", "x" * 255),
        ("", "ab", "x" * 256, "a b", "a/b", "tableß", "abc\n"),
        "3 to 255 of A-Z",
    ),
    Key(
        "organization.id",
        "organization_id",
        ("o-" + "a" * 10, "o-" + "9" * 32),
        ("", "o-" + "a" * 9, "o-" + "a" * 33, "o-EXAMPLEORGID", "r-exampleorgid", "exampleorgid"),
        "an organization id",
    ),
    Key(
        "organization.management_account_id",
        "management_account_id",
        ("444455556666",),
        ("", "1234", "1234567890123"),
        "12-digit account id, in quotes",
    ),
    Key(
        "organization.targets",
        "organization_targets",
        (["r-exam"], ["ou-exam-workload"], ["111122223333"], ["r-exam", "ou-exam-workload", "444455556666"]),
        ([], ["r-ex"], ["ou-exam"], ["ou-exam-short"], ["OU-exam-workload"], ["1111"], ["r-exam", "r-exam"]),
        "UNIT being 8 to 32 of a-z and 0-9",
    ),
    Key(
        "roles.exempt",
        "exempt_roles",
        (
            [f"{ROLE}cruddur-deployer"],
            [f"{ROLE}path/deployer", "arn:aws:iam::444455556666:role/a+b=c,d.e@f_g", f"{ROLE}cruddur-deployer"],
        ),
        (
            [],
            ["deployer"],
            [f"{ROLE}*"],
            [f"{ROLE}deploy?r"],
            [ROLE],
            ["arn:aws:iam::*:role/deployer"],
            ["arn:aws:iam::111122223333:user/deployer"],
            ["arn:aws:sts::111122223333:assumed-role/deployer/session"],
            ["arn:aws-iso:iam::111122223333:role/deployer"],
            [f"{ROLE}deployer "],
            [f"{ROLE}déployer"],
            [f"{ROLE}deployer"] * 2,
        ),
        "full role ARNs without wildcards",
    ),
    Key(
        "roles.break_glass",
        "break_glass_roles",
        ([f"{ROLE}cruddur-break-glass"], [f"{ROLE}cruddur-break-glass", f"{ROLE}hammer"]),
        ([], ["glass"], [f"{ROLE}*"], ["arn:aws:iam::*:role/glass"], [f"{ROLE}glass"] * 2),
        "full role ARNs without wildcards",
    ),
    Key(
        "roles.takers.deployer",
        "deployer",
        TAKERS,
        NO_TAKERS,
        "role ARNs without wildcards, and permission-set/NAME",
    ),
    Key(
        "roles.takers.operator",
        "operator",
        TAKERS,
        NO_TAKERS,
        "role ARNs without wildcards, and permission-set/NAME",
    ),
    Key(
        "roles.takers.auditor",
        "auditor",
        TAKERS,
        NO_TAKERS,
        "role ARNs without wildcards, and permission-set/NAME",
    ),
    Key(
        "roles.takers.break_glass",
        "break_glass",
        TAKERS,
        NO_TAKERS,
        "role ARNs without wildcards, and permission-set/NAME",
    ),
    Key(
        "roles.takers.application",
        "application",
        TAKERS,
        NO_TAKERS,
        "role ARNs without wildcards, and permission-set/NAME",
        example="existing-vpc",
    ),
    Key(
        "roles.takers.member_services",
        "member_services",
        TAKERS,
        NO_TAKERS,
        "role ARNs without wildcards, and permission-set/NAME",
    ),
    Key(
        "alerts.email",
        "alert_email",
        ("security@example.com", "a+b@c.example"),
        ("", "security", "security@example", "@example.com", "security@", "a b@example.com", "a@b@example.com"),
        "an e-mail address",
    ),
    *(
        Key(
            f"alerts.{kind}",
            f"alert_{kind}",
            (100, 5000, 10_000_000),
            (99, 10_000_001, "5000", 5000.0, True),
            "a whole number from 100 to 10000000",
        )
        for kind in ("reads", "writes")
    ),
    Key("table.client_side_encryption", "client_side_encryption", (True, False), (0, 1, "true", []), "True, False"),
    Key(
        "table.conversations_in_table",
        "conversations_in_table",
        (0, 1, 50, 1000),
        (-1, 1001, "50", 50.0),
        "a whole number from 0 to 1000",
    ),
    Key("table.former_index", "former_index", (True, False), (0, 1, "true", []), "true or false"),
    Key("retention.log_days", "log_days", (365, 400, 731, 3653), (0, 90, 364, 366, 401, 3654, -400), "365, 400, 545"),
    Key(
        "retention.audit_days",
        "audit_days",
        (400, 36500),
        (0, -1, 399, 36501),
        "a whole number from 400 to 36500",
    ),
    Key("retention.backup_days", "backup_days", (7, 36500), (0, -1, 6, 36501), "a whole number from 7 to 36500"),
    Key(
        "buckets.access_logs",
        "access_log_bucket",
        ("abc", "a.b-c", "x" * 63),
        ("", "ab", "x" * 64, "-abc", "abc-", ".abc", "Abc", "a_b", "s3://abc", "a..b", "192.168.5.4"),
        "a bucket name",
    ),
    Key(
        "buckets.artifacts",
        "artifact_bucket",
        ("abc", "a.b-c", "192.168.5.x", "x" * 63),
        ("", "ab", "x" * 64, "-abc", "abc-", "Abc", "a/b"),
        "a bucket name",
    ),
    Key(
        "stacks.optional",
        "optional_stacks",
        ([], ["config"], ["guardrails", "config"], ["guardrails", "oversight", "config"]),
        (["audit"], ["config", "none"], ["Config"], [1], [["config"]]),
        "a list of any of guardrails, oversight, config, login, cache, onprem",
    ),
)
LOGINS = (
    Key(
        "login.user_pool_id",
        "user_pool_id",
        ("eu-central-1_a", "eu-central-1_Example01"),
        ("", "eu-central-1", "eu-central-1_", "eu-central-1_a-b", "Example01", "eu-central-1_" + "a" * 47),
        "a user pool id",
    ),
    Key(
        "login.client_id",
        "client_id",
        ("1example23456789", "a", "a" * 128),
        ("", "A", "a-b", "a" * 129),
        "an app client id",
    ),
    Key("login.self_sign_up", "self_sign_up", (True, False), (0, 1, "true", []), "true or false", example="complete"),
    Key(
        "login.session_days",
        "session_days",
        (1, 30, 365),
        (0, -1, 366, "7", 7.0),
        "a whole number from 1 to 365",
        example="complete",
    ),
)
CAPACITIES = (
    Key("table.max_read_units", "max_read_units", (1, 10_000_000), (0, -1, 10_000_001), "from 1 to 10000000"),
    Key("table.max_write_units", "max_write_units", (1, 10_000_000), (0, -1, 10_000_001), "from 1 to 10000000"),
    *(
        Key(
            f"table.provisioned.{name}",
            name,
            ([1, 1], [1, 40_000], [10, 500]),
            ([], [1], [1, 2, 3], [2, 1], [0, 1], [1, 40_001], [1, "2"], [1, 2.0], [True, 2]),
            "[lowest, highest], whole numbers from 1 to 40000",
            "existing-vpc",
        )
        for name in NAMES
    ),
    Key(
        "table.provisioned.target_percent",
        "target_percent",
        (20, 90),
        (0, 19, 91, 100),
        "a whole number from 20 to 90",
        "existing-vpc",
    ),
)
NETWORKS = (
    Key(
        "network.cidr",
        "cidr",
        ("10.20.0.0/16", "172.16.0.0/20", "172.31.255.0/24", "192.168.0.0/24"),
        (
            "",
            "10.20.0.0",
            "10.20.0.0/15",
            "10.20.0.0/25",
            "10.20.0.1/16",
            "10.20.0.0/255.255.0.0",
            "10.20.0.0/016",
            "11.0.0.0/16",
            "172.32.0.0/16",
            "192.169.0.0/16",
            "8.8.8.0/24",
            "127.0.0.0/16",
            "169.254.0.0/16",
            "0.0.0.0/16",
            "192.0.2.0/24",
            "224.0.0.0/16",
            "fd00::/16",
            "any",
        ),
        "a private IPv4 block from /16 to /24",
    ),
    Key("network.zones", "zones", (2, 3), (0, 1, 4, -2), "2, 3"),
    Key(
        "network.vpc_id",
        "vpc_id",
        ("vpc-0a1b2c3d", "vpc-0a1b2c3d4e5f60718"),
        ("", "vpc-", "vpc-0a1b2c3", "vpc-xyz", "subnet-0a1b2c3d", "vpc-0A1B2C3D"),
        "a VPC id",
        "existing-vpc",
    ),
    Key(
        "network.subnet_ids",
        "subnet_ids",
        (["subnet-0a1b2c3d", "subnet-1a1b2c3d"], [f"subnet-{number}a1b2c3d" for number in range(3)]),
        ([], ["subnet-0a1b2c3d"], ["subnet-0a1b2c3d"] * 2, ["subnet-0a1b2c3d", "vpc-0a1b2c3d"]),
        "subnet",
        "existing-vpc",
    ),
    Key(
        "network.route_table_ids",
        "route_table_ids",
        (["rtb-0a1b2c3d"], ["rtb-0a1b2c3d", "rtb-1a1b2c3d"]),
        ([], ["rtb-"], ["rtb-0a1b2c3d"] * 2, ["subnet-0a1b2c3d"]),
        "route table ids",
        "existing-vpc",
    ),
)
USERS = (
    Key(
        "users.connection",
        "connection",
        ("service:a", "service:Users_1.read-only", "variable:USERS_1"),
        (
            "",
            "service:",
            "service:a b",
            "variable:users",
            "variable:A;B",
            "postgresql://ada:secret@db.example.com/users",
        ),
        "service:NAME of pg_service.conf, or variable:NAME of an environment variable",
        "complete",
    ),
    Key(
        "users.query",
        "query",
        ("SELECT 1", "  with a as (select 1) select * from a", "select\n*"),
        ("", "SELECT", "DELETE FROM users", "UPDATE users SET a = 1", "SELECTED 1"),
        "a SELECT of user_uuid, handle, display_name",
        "complete",
    ),
    Key(
        "users.update",
        "update",
        ("UPDATE users SET id = %(cognito_user_id)s WHERE uuid = %(user_uuid)s",),
        ("", "UPDATE users SET id = %(cognito_user_id)s", "DELETE FROM users WHERE id = %(cognito_user_id)s"),
        "an UPDATE that sets %(cognito_user_id)s",
        "complete",
    ),
)
CACHE = (
    Key(
        "cache.node_type",
        "node_type",
        ("dax.t3.small", "dax.r5.24xlarge", "dax.r7i.large"),
        ("", "r5.large", "dax.r5", "dax.R5.large", "dax.r5.large ", "cache.r5.large"),
        "a node type, such as dax.r5.large",
        "complete",
    ),
    Key("cache.nodes", "nodes", (3, 11), (0, -1, 12, "3", True), "a whole number from 1 to 11", "complete"),
    *(
        Key(
            f"cache.{kind}_ttl_seconds",
            f"{kind}_ttl_seconds",
            (1, 300, 3600),
            (0, -1, 3601, 1.5),
            "a whole number from 1 to 3600",
            "complete",
        )
        for kind in ("query", "item")
    ),
)
ON_PREMISES = (
    Key(
        "onprem.blocks",
        "blocks",
        (["10.200.0.0/16"], ["192.168.7.9/32", "172.16.0.0/12", "10.0.0.0/15"]),
        (
            [],
            ["10.200.0.0"],
            ["10.200.0.1/16"],
            ["10.200.0.0/255.255.0.0"],
            ["0.0.0.0/0"],
            ["203.0.113.0/24"],
            ["10.200.0.0/16"] * 2,
            ["fd00::/16"],
        ),
        "private IPv4 blocks from /8 to /32",
        "complete",
    ),
    Key(
        "onprem.device_address",
        "device_address",
        ("203.0.113.13", "8.8.8.8"),
        ("", "10.0.0.1", "203.0.113.0/24", "127.0.0.1", "169.254.1.1", "224.0.0.1", "255.255.255.255", "vpn.example"),
        "the public IPv4 address of your VPN device",
        "complete",
    ),
    Key(
        "onprem.asn",
        "asn",
        (1, 65000, 2_147_483_647),
        (0, -1, 2_147_483_648, "65010", 65010.0, True),
        "a whole number from 1 to 2147483647",
        "complete",
    ),
)
ALL_KEYS = (*KEYS, *LOGINS, *CAPACITIES, *NETWORKS, *ON_PREMISES, *USERS, *CACHE)

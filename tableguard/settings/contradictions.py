"""Pairs of settings that are right alone and wrong together."""

from collections.abc import Iterator
from ipaddress import IPv4Network

from tableguard.partitions import WITHOUT_USER_POOLS, of_region
from tableguard.settings.model import AMAZON_SIDE_ASN, ExistingLogin, NewVpc, Settings, Vpn

OF_MANAGEMENT = ("guardrails", "oversight")  # stacks
PRODUCTION_NODES = 3  # of a DAX cluster


def contradictions(settings: Settings) -> Iterator[str]:
    """Yield a sentence for each pair of values that are right alone and wrong together."""
    if settings.home_region not in settings.allowed_regions:
        yield (
            f"workload.allowed_regions: {list(settings.allowed_regions)} does not contain the home region "
            f"{settings.home_region!r}; add it, or change workload.home_region"
        )
    yield from _of_other_partitions(settings)
    yield from _in_organization(settings)
    yield from _in_roles(settings)
    yield from _in_cache(settings)
    yield from _on_premises(settings)
    if settings.access_log_bucket == settings.artifact_bucket:
        yield f"buckets.access_logs: {settings.access_log_bucket!r} is the bucket for artifacts too"
    yield from _in_login(settings)
    yield from _in_log_archive(settings)


def _in_login(settings: Settings) -> Iterator[str]:
    existing, is_stack = isinstance(settings.login, ExistingLogin), "login" in settings.optional_stacks
    if settings.login is None:
        if is_stack:
            yield "stacks.optional: 'login' makes a user pool, and there is no [login]; add it, or leave 'login' out"
        return
    if settings.partition in WITHOUT_USER_POOLS:
        yield (
            f"login: AWS has no Cognito user pools in {settings.home_region}; leave the section out: then members have "
            "no credentials of their own, and the application lists for them"
        )
    if existing and not settings.user_pool_id.startswith(f"{settings.home_region}_"):
        yield f"login.user_pool_id: {settings.user_pool_id!r} is not in the home region {settings.home_region!r}"
    if existing and is_stack:
        yield (
            "stacks.optional: the stack 'login' makes a user pool, and login.user_pool_id names "
            f"{settings.user_pool_id!r}; leave out the stack, or user_pool_id and client_id"
        )
    if not existing and not is_stack:
        yield (
            "stacks.optional: 'login', which makes a user pool, is not among them, and [login] names none; add it, or "
            "user_pool_id and client_id"
        )


def _in_log_archive(settings: Settings) -> Iterator[str]:
    """Yield what makes the archive no other account, leaves it without its bucket, or out of the guardrails."""
    archive, is_stack = settings.log_archive, "archive" in settings.optional_stacks
    if archive is None:
        if is_stack:
            yield "stacks.optional: 'archive' is among them, and there is no [log_archive]; add it, or leave it out"
        return
    others = {settings.account_id: "the workload's own", settings.management_account_id: "the management account"}
    if archive.account_id in others:
        yield (
            f"log_archive.account_id: {archive.account_id!r} is {others[archive.account_id]}; name an account that "
            "nobody of the workload administers and that SCPs bind, or leave the section out"
        )
    if archive.bucket and is_stack:
        yield (
            f"stacks.optional: the stack 'archive' makes a bucket, and log_archive.bucket names {archive.bucket!r}; "
            "leave out the stack, or bucket and key_arn"
        )
    if not archive.bucket and not is_stack:
        yield (
            "stacks.optional: 'archive', which makes the bucket, is not among them, and [log_archive] names none; add "
            "it, or bucket and key_arn"
        )
    if archive.key_arn and not archive.key_arn.startswith(f"arn:{settings.partition}:"):
        yield f"log_archive.key_arn: {archive.key_arn!r} is of another partition than the home region"
    targets = settings.organization_targets
    if (
        "guardrails" in settings.optional_stacks
        and archive.account_id not in targets
        and all(map(str.isdigit, targets))
    ):
        yield (
            f"organization.targets: {archive.account_id!r}, the log archive, is not among them, so that no SCP "
            "protects the trail's files there; add it, or the root or unit that it is in"
        )


def _of_other_partitions(settings: Settings) -> Iterator[str]:
    """Yield what is of another partition than the home region: no account, role or key is in two."""
    for region in settings.allowed_regions:
        if of_region(region) != settings.partition:
            yield (
                f"workload.allowed_regions: {region!r} is of the partition {of_region(region)}, and the home region of "
                f"{settings.partition}; nothing of a workload is in two partitions"
            )
    written = {"exempt": settings.exempt_roles, "break_glass": settings.break_glass_roles}
    written |= {f"takers.{role}": takers for role, takers in vars(settings.takers).items()}
    for key, arn in ((key, arn) for key, arns in written.items() for arn in arns):
        if arn.startswith("arn:") and not arn.startswith(f"arn:{settings.partition}:"):
            yield f"roles.{key}: {arn!r} is of another partition than the home region; write arn:{settings.partition}:…"


def _on_premises(settings: Settings) -> Iterator[str]:
    """Yield what no route leads to: addresses that the VPC has itself, and a BGP speaker of our own number."""
    if settings.on_premises is None:
        if "onprem" in settings.optional_stacks:
            yield "onprem: missing; stacks.optional has the stack of this section"
        return
    if isinstance(settings.network, NewVpc):
        own = IPv4Network(settings.network.cidr)
        for block in settings.on_premises.blocks:
            if IPv4Network(block).overlaps(own):
                yield f"onprem.blocks: {block!r} overlaps network.cidr, {settings.network.cidr!r}"
    link = settings.on_premises.link
    if isinstance(link, Vpn) and link.asn == AMAZON_SIDE_ASN:
        yield f"onprem.asn: {link.asn} is the number of the VPN's other side; two neighbours need two numbers"


def _in_organization(settings: Settings) -> Iterator[str]:
    if not settings.has_organization:
        for stack in (stack for stack in OF_MANAGEMENT if stack in settings.optional_stacks):
            yield (
                f"stacks.optional: {stack!r} is of an organization's management account, and there is no "
                "[organization]; add it, or leave the stack out"
            )
        return
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
            # https://docs.aws.amazon.com/singlesignon/latest/userguide/account-instances-identity-center.html
            if taker.startswith("permission-set/") and not settings.has_organization:
                yield (
                    f"roles.takers.{role}: {taker!r}: IAM Identity Center has permission sets in an organization only, "
                    "and there is no [organization]; name a role"
                )
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


def _in_cache(settings: Settings) -> Iterator[str]:
    chosen = "cache" in settings.optional_stacks
    if settings.cache is None:
        if chosen:
            yield "stacks.optional: 'cache' is among them, and there is no [cache] section; add one, or leave it out"
        return
    if not chosen:
        yield "stacks.optional: 'cache' is not among them, and there is a [cache] section; add it, or remove that"
    if "--" in settings.name:
        yield (
            f"workload.name: {settings.name!r} has two hyphens together; the DAX cluster has the same name, and DAX "
            "takes none such"
        )
    # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/DAX.concepts.cluster.html
    if settings.environment == "production" and settings.cache.nodes < PRODUCTION_NODES:
        yield (
            f"cache.nodes: {settings.cache.nodes} in production; take {PRODUCTION_NODES} or more, so that a node or a "
            "zone may fail"
        )

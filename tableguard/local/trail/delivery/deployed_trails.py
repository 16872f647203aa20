"""The trails of an embedded AWS as its CloudTrail keeps them."""

from typing import Any

from tableguard.aws.cloudtrail.delivery.selectors import EventSelectors
from tableguard.aws.cloudtrail.delivery.trail import Trail


def logging_trails() -> tuple[Trail, ...]:
    """Return the trails of all accounts and regions that log."""
    from moto.cloudtrail.models import cloudtrail_backends  # noqa: PLC0415  # moto is slow to import

    regions = [backend for backends in list(cloudtrail_backends.values()) for backend in list(backends.values())]
    kept = [trail for backend in regions for trail in list(backend.trails.values())]
    return tuple(trail_of(trail) for trail in kept if trail.status.is_logging)


def trail_of(kept: Any) -> Trail:
    """Return a trail of moto's."""
    return Trail(
        account=kept.account_id,
        home_region=kept.region_name,
        name=kept.trail_name,
        bucket=kept.bucket_name,
        prefix=kept.s3_key_prefix or "",
        multi_region=bool(kept.is_multi_region),
        global_services=bool(kept.include_global_service_events),
        selectors=EventSelectors(tuple(kept.event_selectors), tuple(kept.advanced_event_selectors)),
        log_group_arn=kept.cw_log_group_arn or "",
        role_arn=kept.cw_role_arn or "",
        key_id=kept.kms_key_id or "",
        validation=bool(kept.log_validation),
    )

"""Verify that every conversation row shows what the messages say; only reads."""

from tableguard.projection.report import DriftReport, DriftResult
from tableguard.projection.survey import Survey


def verify(survey: Survey, group_uuid: str | None) -> DriftReport:
    """Report what is wrong with one group, or with all."""
    drifts = survey.of_all() if group_uuid is None else survey.of_group(group_uuid)
    return DriftReport([DriftResult(drift) for drift in drifts], survey)

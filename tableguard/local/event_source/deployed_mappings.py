"""Lists the event source mappings that the embedded AWS's Lambda keeps, of every account and region."""

from typing import Any


def deployed_mappings() -> dict[str, dict[str, Any]]:
    """Return what GetEventSourceMapping answers about each, by UUID."""
    from moto.awslambda.models import lambda_backends  # noqa: PLC0415  # importing moto takes a second

    backends = [backend for regions in list(lambda_backends.values()) for backend in list(regions.values())]
    mappings = [mapping for backend in backends for mapping in backend.list_event_source_mappings("", "")]
    return {mapping.uuid: mapping.get_configuration() for mapping in mappings}

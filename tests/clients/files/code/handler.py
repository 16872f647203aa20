"""A function of a stack beside the estate, which is packaged and not run."""


def handle(event: object, _context: object) -> object:
    """Return the event."""
    return event

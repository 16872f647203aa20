"""checkov, which has an environment of its own: scripts/ make it, a plain `pip install` does not."""

from tableguard.check.engines.checkov import location
from tableguard.errors import CheckError
from tests.engines.absence import needs


def _present() -> bool:
    try:
        return bool(location.interpreter())
    except CheckError:
        return False


needs_checkov = needs("checkov", _present(), "scripts/test brings it, or TABLEGUARD_CHECKOV names one")

"""The repository's own documents in force together, asked the requests of their claims."""

from functools import cache

from tableguard.policy import cases, documents
from tableguard.policy.contract import load_all
from tableguard.policy.evaluate import Request
from tableguard.policy.shorthand import Shorthand
from tableguard.settings import Settings
from tests.oracle.worlds import Document, Sample

FULL: Document = {
    "Version": "2012-10-17",
    "Statement": [{"Sid": "Full", "Effect": "Allow", "Action": "*", "Resource": "*"}],
}


def samples(settings: Settings) -> list[Sample]:
    """Every contract's requests by roles and users of the workload account, under all SCPs at two levels.

    The other evaluator does not know by itself whom SCPs do not bind, and so is not asked about them.
    """
    shorthand = Shorthand(settings)
    return [
        sample(request, settings)
        for contract in load_all()
        for case in contract.cases
        for request in cases.requests(contract, case, shorthand)
        if request.principal.kind in ("role", "user") and not request.principal.service_linked
        if request.principal.account == request.resource_account == settings.account_id
    ]


def sample(request: Request, settings: Settings) -> Sample:
    """A request in the world of the four SCPs with FullAWSAccess at root and account, an administrator's role and the
    boundary."""
    level = {"FullAWSAccess": FULL, **_filled("scp", settings)}
    return Sample(
        request=request,
        scp=(level, {f"{name} again": document for name, document in level.items()}),
        rcp=(),
        identity={"AdministratorAccess": FULL},
        boundary=_filled("role", settings)["boundary"],
        session=None,
        resource=None,
        endpoint=None,
    )


@cache
def _filled(kind: str, settings: Settings) -> dict[str, Document]:
    values = settings.policy_values()
    return {name: documents.fill(documents.load(kind, name), values) for name in documents.names(kind)}

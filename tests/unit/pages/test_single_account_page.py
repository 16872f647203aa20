"""The page docs/single-account.md lists the claims of all guardrails as the contracts have them today."""

from tableguard.pages import single_account_page
from tableguard.policy import contract
from tableguard.policy.documents import GUARDRAILS
from tests.paths import ROOT


def test_the_page_is_as_it_would_be_generated_now() -> None:
    written = (ROOT / single_account_page.PAGE).read_text(encoding="utf-8")
    assert written == single_account_page.text(), "python -m tableguard.pages"


def test_every_guardrail_is_listed_and_nothing_else() -> None:
    page = single_account_page.text()
    listed = {document.policy.place for document in contract.load_all() if f"| {document.claim} |" in page}
    assert listed == {document.policy.place for document in contract.load_all() if document.policy.kind in GUARDRAILS}

"""Check that templates make no IAM users: nobody here needs keys that last, and people sign in elsewhere.

Workloads take roles, people come through IAM Identity Center, and members through a user pool.
https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html#bp-workloads-use-roles
"""

from collections.abc import Iterable

from tableguard.cloudformation.template_files import TemplateFile
from tableguard.findings.finding import Finding
from tableguard.findings.outcome import Outcome

ENGINE = "IAM users"
_TYPES = {
    "AWS::IAM::AccessKey": "a key that lasts until somebody deletes it",
    "AWS::IAM::Group": "a group, which only IAM users can be in",
    "AWS::IAM::User": "an IAM user",
    "AWS::IAM::UserPolicy": "a policy of an IAM user",
    "AWS::IAM::UserToGroupAddition": "IAM users in a group",
}
_REMEDY = (
    "let a workload take a role, people come through IAM Identity Center, and members sign in to a Cognito user pool"
)


def check(sources: Iterable[TemplateFile]) -> Outcome:
    """Check that no template makes an IAM user, or what only IAM users have."""
    by_template = [
        [_finding(source, type_name, logical_id) for type_name in _TYPES for logical_id in source.resources(type_name)]
        for source in sources
    ]
    failed = sum(map(bool, by_template))
    findings = tuple(finding for findings in by_template for finding in findings)
    return Outcome(ENGINE, "templates", len(by_template) - failed, failed, findings)


def _finding(source: TemplateFile, type_name: str, logical_id: str) -> Finding:
    path = ("Resources", logical_id)
    problem = f"the template makes {_TYPES[type_name]}"
    return Finding("iam-user", source.file, "/".join(path), source.line_of(path), problem, _REMEDY)

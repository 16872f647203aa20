"""Who makes attempts: a name for each, and what he has."""

from collections.abc import Mapping

PRINCIPALS: Mapping[str, str] = {
    "administrator": "an administrator of the workload's account",
    "application": "a thief of the application's credentials, in the workload's VPC",
    "application-abroad": "a thief of the application's credentials, behind an endpoint of his own account",
    "application-online": "a thief of the application's credentials, on the internet",
    "auditor": "a thief of the auditor's credentials",
    "break-glass": "a thief of the break-glass credentials",
    "deployer": "a thief of the deployer's credentials",
    "function": "whoever runs code in the stream function",
    "management": "an administrator of the organization's management account",
    "management-root": "the root user of the organization's management account",
    "member-services": "a thief of the credentials of member services, in the workload's VPC",
    "member-services-online": "a thief of the credentials of member services, on the internet",
    "neighbour": "an administrator of another account of the organization",
    "operator": "a thief of the operator's credentials, in the workload's VPC",
    "operator-online": "a thief of the operator's credentials, on the internet",
    "outsider": "a role with every permission, in an account outside the organization",
    "root": "the root user of the workload's account",
    "signed-in": "somebody signed in as a member of the application",
    "user": "an IAM user with every permission and a second factor, in the workload's account",
}

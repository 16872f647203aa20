"""The errors that a user can meet: each is one line with problem, place and remedy, and exit code 2.

TableguardError
├── SettingsError     a value of settings.toml is missing, unknown, wrong or contradicts another
├── PolicyError       a policy, a promise or a request about them cannot be read, filled or understood
├── TemplateError     a stack cannot be rendered or breaks a CloudFormation limit
├── CheckError        an engine of `check` could not be asked
├── ComplianceError   a resource cannot be judged: a fact of it, or of its rule, is not known
├── DeployError       CloudFormation refused or failed a stack
├── EmbeddedError     the embedded AWS cannot start, or lacks what a template asks for
├── MessageError      a message, user, group or trace line that cannot be accepted
├── EncryptionError   a message that cannot be encrypted, or whose ciphertext cannot be trusted
├── CostError         a workload or a price that is not accepted
├── UserStoreError    an account that is absent, exists already or is refused, or a user store that cannot be read
└── TableError        a table that is absent, exists already, is busy, protected or out of reach
"""


class TableguardError(Exception):
    """A question that could not be asked, or an input that cannot be accepted (exit code 2)."""


class SettingsError(TableguardError):
    """settings.toml holds something unusable; the text names key, value and what is accepted."""


class PolicyError(TableguardError):
    """A policy, a promise or a request about them is unusable; the text says which, by its file where it has one."""


class TemplateError(TableguardError):
    """A stack cannot be rendered, is unknown, or breaks a CloudFormation limit."""


class CheckError(TableguardError):
    """A check engine is absent or failed: never the same as 'no findings'."""


class ComplianceError(TableguardError):
    """A resource cannot be judged by a rule; the text says which fact is not known, and why."""


class DeployError(TableguardError):
    """CloudFormation refused or failed a stack; the text names stack, resource and reason."""


class EmbeddedError(TableguardError):
    """The embedded AWS cannot start or does not model what was asked of it."""


class MessageError(TableguardError):
    """A message, user, group or trace line that cannot be accepted."""


class EncryptionError(TableguardError):
    """A message that cannot be encrypted or decrypted; never its text."""


class CostError(TableguardError):
    """A workload or a price that is not accepted; the text names it and what is accepted."""


class UserStoreError(TableguardError):
    """A user store that cannot be reached, read or understood, or refuses something; never its password."""


class TableError(TableguardError):
    """A table that is absent, exists already, is busy, protected or out of reach, or failed batches that are."""

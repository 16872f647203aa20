"""What names and addresses look like in settings.toml, as regular expressions, and how errors call each."""

AN_ACCOUNT, A_REGION = "a 12-digit account id, in quotes", "a region of AWS, GovCloud or China, such as eu-central-1"
ACCOUNT = r"[0-9]{12}"
REGION = r"(af|ap|ca|cn|eu|il|me|mx|sa|us|us-gov)-[a-z]+-[0-9]"
ROLE_ARN = rf"arn:aws(-cn|-us-gov)?:iam::{ACCOUNT}:role/[A-Za-z0-9_+=,.@/-]{{1,64}}"
# https://docs.aws.amazon.com/singlesignon/latest/APIReference/API_CreatePermissionSet.html
TAKER = rf"{ROLE_ARN}|permission-set/[A-Za-z0-9_+=,.@-]{{1,32}}"
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html: no two dots together, no IP address
BUCKET = r"(?!.*\.\.)(?![0-9]+\.[0-9]+\.[0-9]+\.[0-9]+$)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"

"""The engines of `check`: cfn-lint, checkov, and the policy documents."""

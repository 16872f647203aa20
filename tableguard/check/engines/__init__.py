"""The engines that check asks: cfn-lint, checkov, and the policy documents."""

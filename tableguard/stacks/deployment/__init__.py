"""Deploying our stacks: what must be there beforehand, what is adopted, what is refused, and the deployment itself."""

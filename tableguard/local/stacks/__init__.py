"""CloudFormation's API in the embedded AWS: stacks, change sets, and the resource types it can make."""

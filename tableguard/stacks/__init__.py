"""Our stacks: listed, rendered, packaged, deployed and destroyed."""

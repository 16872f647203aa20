"""List, render, package, deploy and destroy the stacks of templates/."""

"""The stacks, one module each: `template(settings) -> Template`, pure. tableguard.stacks lists them in order."""

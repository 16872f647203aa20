"""The stacks, one module each: `template(settings) -> Template`, pure. tableguard.stacks.registry lists them."""

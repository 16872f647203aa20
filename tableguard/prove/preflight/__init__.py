"""Find which SCP would stop the deployer at which resource of a template."""

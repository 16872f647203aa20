"""The command line: groups of commands on one table, their options, and how every command ends."""

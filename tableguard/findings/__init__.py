"""Findings, outcomes and exit codes, and the three formats that every report is written in."""

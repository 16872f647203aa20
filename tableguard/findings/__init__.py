"""One finding, one outcome, and how both are printed: text, JSON and SARIF."""

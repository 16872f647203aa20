"""How far the design carries: formulas on paper, a simulation that checks them, and the page that shows both."""

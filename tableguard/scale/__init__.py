"""How far the design carries: formulas, and a simulation that checks them."""

"""Made-up visitors with known tastes, who walk through a shop."""

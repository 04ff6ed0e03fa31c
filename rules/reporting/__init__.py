"""What the numbers say: effects, verdicts, findings."""

"""Daily sums beside the log, so that a report reads sums and not events."""

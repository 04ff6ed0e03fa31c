"""Reports as pages, and alarms to whom they concern."""

"""Made-up visitors with known tastes, who walk through a shop or fill a log.

What an experiment does to them is planted: a report of it has to find just that.
"""

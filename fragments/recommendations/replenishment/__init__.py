"""When somebody is likely to run out of what they bought."""

"""What visitors did after they were shown something, in exact numbers."""

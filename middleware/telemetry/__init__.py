"""What the process tells the shop about itself: figures, timings, spans."""

"""What a shop's events teach, worked out beforehand; with numpy and scipy, never for a request."""

"""A site on its way in: watched, checked beside the pages, live as a whole or not at all."""

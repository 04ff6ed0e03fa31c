"""shopwindow: a start page that fits the visitor, from inside the shop's own server."""

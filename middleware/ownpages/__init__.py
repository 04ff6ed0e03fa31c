"""The visitor's own pages below /-/shopwindow/: consent, interests, what is known, erase.

Plain HTML that works without script. A shop restyles them by files in the site's ``pages/``:
``pages/style.css`` stands after our own style, ``pages/frame.html`` is what stands around every
page, and ``pages/consent.html`` and the like are the pages themselves.
"""

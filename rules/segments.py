"""The segments that every site has, written as an editor would write them."""

BUILT_IN = "built-in"  # in the place of a file's name

#: A site that defines one of these names means its own: what makes a customer a regular one,
#: shops see differently.
BUILT_IN_SEGMENTS = """\
segments:
  new-visitor:        # on the first visit
    - returning: false
  returning-visitor:  # was here before
    - returning: true
  new-customer:       # has not ordered yet
    - orders: {is: 0}
  regular-customer:   # has ordered three times or more
    - orders: {at-least: 3}
"""

"""Buckets about three per cent wide, that whole numbers of any size fall into."""

_BITS = (
    6  # of a number that its bucket knows: from 2**5 up, a bucket is 1/32 to 1/63 wide
)
_EXACT = 1 << _BITS  # below it, each number has a bucket of its own
_STEPS = _EXACT >> 1  # buckets from one power of two to the next


def bucket(value: int) -> int:
    """The bucket of ``value``: larger numbers never have a smaller one; those below 0 mirrored."""
    if value < 0:
        return -bucket(-value)
    if value < _EXACT:
        return value
    shift = value.bit_length() - _BITS
    return (shift * _STEPS) + (value >> shift)


def largest(number: int) -> int:
    """The largest number in the bucket ``number``."""
    if number < 0:
        return -_smallest(-number)
    return _smallest(number + 1) - 1


def _smallest(number: int) -> int:
    if number < _EXACT:
        return number
    shift = number // _STEPS - 1
    return (number - shift * _STEPS) << shift

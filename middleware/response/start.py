"""What the start of an answer says, and saying it anew: nothing is changed in the app's own message."""

from starlette.types import Message


def read(start: Message) -> tuple[bytes, bool, bool]:
    """What a :func:`listed` start says of the page that follows.

    Its Content-Type, empty if it names none; whether it has a Content-Length; whether it is compressed.
    """
    content_type = b""
    sized = encoded = False
    for name, value in start.get("headers", ()):
        lower = name.lower()
        if lower == b"content-type":
            content_type = value
        elif lower == b"content-length":
            sized = True
        elif lower == b"content-encoding":
            encoded = encoded or value.strip().lower() not in (b"", b"identity")
    return content_type, sized, encoded


def listed(start: Message) -> Message:
    """With headers that may be read more than once: any iterable is legal."""
    if isinstance(start.get("headers", ()), (list, tuple)):
        return start
    return {**start, "headers": list(start["headers"] or ())}


def with_length(start: Message, length: int | None) -> Message:
    """With a body of ``length`` bytes; None: nobody knows it."""
    headers = [
        (name, value)
        for name, value in start.get("headers", ())
        if name.lower() not in (b"content-length", b"transfer-encoding")
    ]
    if length is not None:
        headers.append((b"content-length", b"%d" % length))
    return {**start, "headers": headers}

"""What a browser sends us: a form, read whole and never beyond what a form may be."""

from urllib.parse import parse_qs

from starlette.types import Receive

LARGEST = 16_384  # bytes of a form

Form = dict[str, list[str]]


async def read_form(
    receive: Receive, largest: int = LARGEST, blank: bool = False
) -> Form | None:
    """The values of each field of an urlencoded form, None if it is larger than ``largest``.

    ``blank``: fields that were left empty are among them.
    """
    body = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return {}  # half an answer is no answer
        body += message.get("body", b"")
        if len(body) > largest:
            return None
        if not message.get("more_body", False):
            break
    return parse_qs(body.decode("latin-1"), keep_blank_values=blank)

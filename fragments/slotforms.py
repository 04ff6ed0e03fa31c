"""The small forms that fragments have: each leads to an address that is put in later, or is taken out."""

import re


class SlotForm:
    """The forms of one kind: those of the class ``name``.

    ``address`` is where they lead as they are made. Fragments are shared between pages: whoever
    fills a slot puts the slot's own address in its place, or takes the form out.
    """

    def __init__(self, name: str, address: str) -> None:
        self.name = name
        self.address = address
        self._action = f'{address}"'.encode()
        start = re.escape(f'<form class="{name}"'.encode())
        self._found = re.compile(start + rb".{0,2000}?</form>", re.DOTALL)

    def leading(self, content: bytes, address: bytes) -> bytes:
        """The fragment with its forms leading to ``address``, which has no quotes in it."""
        return content.replace(self._action, address + b'"')

    def without(self, content: bytes) -> bytes:
        """The fragment without its forms: there is nobody who could be remembered."""
        return self._found.sub(b"", content)

"""A cookie that only this host can set, and that no script can read."""


class HostCookie:
    """Writes one cookie. ``age`` is in seconds.

    Its name is ``__Host-name`` except over plain http on loopback, where browsers refuse that.
    """

    __slots__ = ("_age", "_names")

    def __init__(self, name: str, age: int) -> None:
        self._age = age
        self._names = {
            True: b"__Host-" + name.encode() + b"=",
            False: name.encode() + b"=",
        }

    def name(self, secure: bool) -> bytes:
        """The name and the equals sign, as they stand in a Cookie header."""
        return self._names[secure]

    def set(self, value: bytes, secure: bool) -> bytes:
        """A Set-Cookie value that makes the browser remember ``value``."""
        return self._write(value, self._age, secure)

    def drop(self, secure: bool) -> bytes:
        """A Set-Cookie value that makes the browser forget."""
        return self._write(b"", 0, secure)

    def _write(self, value: bytes, age: int, secure: bool) -> bytes:
        rest = b"; Max-Age=%d; Path=/; HttpOnly; SameSite=Lax" % age
        return self._names[secure] + value + rest + (b"; Secure" if secure else b"")

"""A page that is kept, leaving as if the app had sent it once more."""

from ..response.swapping import Swapping
from .storedpage import StoredPage


class Replay(Swapping):
    """Answers one visitor with a :class:`StoredPage`."""

    __slots__ = ()

    async def send(self, page: StoredPage, age: int) -> bool:
        """Send ``page``, which is ``age`` seconds old; False: that failed, and nothing has left yet."""
        visit = self._visit
        self._status, self._html = 200, True
        self._source = page
        try:
            if visit.polyglot:
                visit.listen(page.head)
            if page.slots:
                visit.refresh_cookie()
        except Exception as error:
            # Our own fault, whatever it is: the app can still answer.
            visit.window.warn("replay", "answering for the app failed: %r", error)
            return False
        headers = page.dressed if page.slots else page.aged(age)
        self._start = {
            "type": "http.response.start", "status": 200, "headers": headers
        }  # fmt: skip
        if page.slots:
            await self._swap(page.pieces, False)
            return True
        await self._release()
        head_only = visit.arrival.scope["method"] == "HEAD"
        body = b"" if head_only else page.body
        await self._send({"type": "http.response.body", "body": body})
        self._finish()
        return True

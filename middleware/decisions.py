"""Decisions as JSON, for pages that render themselves and for apps.

``GET /-/shopwindow/decide?path=/&slot=home.hero&slot=home.shelf`` answers what these slots (all
of the shop, if none is named) show on the page ``path`` to the visitor whose cookie comes along:

    {"decision": "...", "revision": "...", "slots": {"home.hero": {"rule": "tea-hero",
     "fragment": "banner", "with": {"text": "More tea"}, "variant": null, "reason": "shown"}}}

The slots share one page, in the order of site.toml. With ``&html=1`` each slot has its fragment,
ready to be put in its place, as ``html``; null: the default content stays.

Asking counts nothing. Who has shown something says so, once the visitor could see it::

    POST /-/shopwindow/decide
    decision=...&shown=home.hero&shown=home.shelf

with the ``decision`` of the answer, within an hour, as an urlencoded form (so that
``navigator.sendBeacon(url, new URLSearchParams(...))`` will do), for all slots at once or for
each when it is seen. Slots that keep their default content because of ``control`` or
``holdout`` are reported in the same way: they are compared with those that do not. Saying it twice
counts once. ``decision`` is null where nothing may be counted: without consent, for programs.

On a preview (see :mod:`.previews`) the page asks through the eyes of the persona, and reports in vain.

Everything that is wrong with a request is answered with 400 and ``{"error": "..."}``.
An app keeps cookies as a browser does, and names itself as one (``Mozilla/5.0 (...) TeaShop/3.1``):
whoever does not is taken for a program, which gets the reason ``bot`` everywhere.
"""

from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, unquote

from starlette.types import Receive, Send

from ..findings import suggest
from ..fragments.rewrite import Hole
from ..rules.facts import Decision
from .context import Arrival
from .exposed import ExposedApart
from .forms import Form, read_form
from .previews import PARAMETER
from .replies import local, reply, say
from .visit import Visit

PATH = "/-/shopwindow/decide"
MOST_FIELDS = 200
_ASKED, _REPORTED = ("path", "slot", "html"), ("decision", "shown")


class _Refused(Exception):
    """What is wrong with a request, in words for whoever wrote it."""

    def __init__(self, why: str, status: HTTPStatus = HTTPStatus.BAD_REQUEST) -> None:
        super().__init__(why)
        self.status = status


async def answer(visit: Visit, receive: Receive, send: Send) -> None:
    """Answer a request for :data:`PATH`."""
    method = visit.arrival.scope["method"]
    try:
        if method not in ("GET", "HEAD", "POST"):
            why = "ask with GET, report with POST"
            raise _Refused(why, HTTPStatus.METHOD_NOT_ALLOWED)
        if not visit.arrival.same_origin:
            raise _Refused("only this site itself may ask", HTTPStatus.FORBIDDEN)
        if method == "POST":
            _report(visit, await read_form(receive))
            await reply(visit, send, HTTPStatus.NO_CONTENT)
        else:
            await say(visit, send, HTTPStatus.OK, await _decided(visit))
    except _Refused as refused:
        allowed = [(b"allow", b"GET, HEAD, POST")]
        said, headers = {"error": str(refused)}, None
        if refused.status == HTTPStatus.METHOD_NOT_ALLOWED:
            headers = allowed
        await say(visit, send, refused.status, said, headers)


# -- asking --------------------------------------------------------------------------------


async def _decided(visit: Visit) -> dict[str, Any]:
    query: bytes = visit.arrival.scope.get("query_string", b"")
    try:
        asked = parse_qs(
            query.decode("latin-1"), keep_blank_values=True, max_num_fields=MOST_FIELDS
        )
    except ValueError:
        raise _Refused(f"more than {MOST_FIELDS} parameters") from None
    _known(asked, _ASKED)
    slots = _slots(visit, asked.get("slot", []))
    html = _one(asked, "html", "")
    if html not in ("", "1") or ("html" in asked and not html):
        raise _Refused('"html" is 1, or left out')
    visit = await _through_whose_eyes(visit)
    visit.turn_to(_page(visit, _one(asked, "path")))

    if visit.site.asks:
        await visit.decide_all(slots)

    answers: dict[str, dict[str, Any]] = {}
    display = visit.display
    apart = display.exposed = ExposedApart()
    for slot in slots:
        decision = await visit.decide(slot)
        content = _html(visit, decision) if html else None
        decision = display.decision(slot)  # its fragment may have failed
        answers[slot] = {
            "rule": decision.rule,
            "fragment": decision.fragment,
            "with": decision.parameters,
            "variant": decision.variant,
            "reason": decision.reason,
        }
        if html:
            answers[slot]["html"] = content
        if content is None:
            display.expose(slot)
    revision, token = visit.site.rules.revision, None
    if visit.remembers and visit.visitor is not None:
        showings, now = visit.window.showings, visit.arrival.now
        token = showings.seal(visit.visitor.id, now, revision, *apart.sealed(visit))
    return {"decision": token, "revision": revision, "slots": answers}


async def _through_whose_eyes(visit: Visit) -> Visit:
    """The page that asks may be a preview: then it asks for somebody who is not here."""
    here, window = visit.arrival, visit.window
    came = here.headers.get(b"referer", b"")
    if PARAMETER not in came:
        return visit
    path, _, query = came.decode("latin-1").partition("?")
    path = "/" + path.partition("://")[2].partition("/")[2]
    scope = {**here.scope, "path": unquote(path), "query_string": query.encode()}
    page = Arrival(scope, here.now, window.production)
    guise = await window.previews.open(window, page)
    return visit if guise is None else Visit(window, page, None, guise)


def _page(visit: Visit, address: str) -> Arrival:
    """The request as if it asked for the page at ``address``, which nobody opens by asking."""
    if local(address) is None:
        raise _Refused('"path" is the address of a page of this shop, as in path=/')
    path, _, query = address.partition("#")[0].partition("?")
    here = visit.arrival
    scope = {**here.scope, "path": unquote(path), "query_string": query.encode()}
    page = Arrival(scope, here.now, visit.window.production)
    page.navigation = False
    return page


def _slots(visit: Visit, asked: list[str]) -> list[str]:
    """The slots in the order of site.toml, so that the same question has one answer."""
    known = visit.site.settings.slots
    for slot in asked:
        if slot not in known:
            hint = suggest(slot, known)
            raise _Refused(f'unknown slot "{slot}"' + (f": {hint}" if hint else ""))
    return [slot for slot in known if not asked or slot in asked]


def _html(visit: Visit, decision: Decision) -> str | None:
    if not decision.shown:
        return None
    try:
        content = visit.display.fill(Hole(decision.slot, b""), "utf-8")
    except Exception as error:
        # Our own fault, whatever it is: this slot keeps its default content.
        visit.display.failed(decision.slot, error)
        return None
    return None if content is None else content.decode()


# -- reporting -----------------------------------------------------------------------------


def _report(visit: Visit, form: Form | None) -> None:
    if form is None:
        raise _Refused("the form is too large", HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    _known(form, _REPORTED)
    token, shown = _one(form, "decision"), form.get("shown", [])
    if not shown:
        raise _Refused('"shown" is missing: name the slots that were shown')
    arrival = visit.arrival
    if not visit.remembers or visit.visitor is None:
        return  # nothing may be counted
    if arrival.prefetch or PARAMETER in arrival.headers.get(b"referer", b""):
        return  # nobody is looking yet, or only at a preview
    showing = visit.window.showings.open(token, visit.visitor.id, visit.arrival.now)
    if showing is None:
        raise _Refused('this "decision" is not one of the last hour for this visitor')
    for slot in shown:
        if slot not in showing.slots:
            raise _Refused(f'nothing was decided for "{slot}" that counts')
    for slot in dict.fromkeys(shown):
        visit.saw(showing, slot)


def _known(form: Form, names: tuple[str, ...]) -> None:
    for name in form:
        if name not in names:
            hint = suggest(name, names)
            why = f'unknown parameter "{name}"' + (f": {hint}" if hint else "")
            raise _Refused(why)


def _one(form: Form, name: str, default: str | None = None) -> str:
    values = form.get(name, [] if default is None else [default])
    if len(values) != 1:
        why = "is missing" if not values else "stands there more than once"
        raise _Refused(f'"{name}" {why}')
    return values[0]

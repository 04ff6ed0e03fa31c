"""One made-up visitor in a running shop: looks, follows, orders, and writes down what was seen."""

from random import Random

from .books import Fact, Showing, Unit
from .browser import PEOPLE, Browser, Line, Page, Unexpected
from .history import CONSIDERING
from .planted import effect, orders_factor
from .reading import LOGO, LOGO_RULE, Seen, cents, logo, products, seen, sold, ticket
from .tastes import Taste, taste

CONSENT = "/-/shopwindow/consent"
OWN_PAGES = "/-/shopwindow/"
ERASE = "/-/shopwindow/erase"
TRACKED = ("/c/", "/p/", "/advice/", "/search")  # of [[track]] in site.toml
LOOKS = (1, 3, 3, 3, 3)  # pages about the favourite animal, before coming home
LOGS_IN, TWO_DEVICES, LOGS_OUT = 0.08, 0.4, 0.3
LEAVES, COMES_BACK = 0.05, 0.3  # takes consent back; and gives it again
FETCHES_AHEAD, RETURNS = 0.05, 0.1
RATES, TELLS = 0.06, 0.05  # one's mind; a friend
BASKET = 0.15  # of whom nothing is ordered: puts something into the cart


class Visitor:
    """Somebody who has agreed to be remembered.

    ``number`` is unlike that of any other, and what is done follows from it and ``seed``, and
    from what the shop shows. ``units`` holds, after :meth:`walk`, who it was for shopwindow.
    """

    consents = "granted"

    def __init__(self, line: Line, seed: int, number: int) -> None:
        self.luck = Random(f"{seed} {number}")
        self.taste: Taste = taste(self.luck)
        self.name = _name(number)
        self.units: list[Unit] = []
        self._line, self._seed, self._number = line, seed, number
        self._customer: Unit | None = None
        self._decided = False  # whether to order
        self._looks = 0
        self._begin()

    def _begin(self) -> None:
        """A browser that has never been here."""
        self._browser = Browser(self._line, self.luck.choice(PEOPLE))
        self._unit = self._new_unit()
        self._remembered = self._counted = False
        self._logo: Seen | None = None  # how the shop's name counts, while logged in
        self._home: list[Showing] = []
        self._arms: dict[str, str] = {}

    def _new_unit(self) -> Unit:
        unit = Unit()
        self.units.append(unit)
        return unit

    def walk(self) -> None:
        """All of it. Raises :class:`Unexpected` and ``Strange``, as the shop does not answer."""
        self._agree()
        self._look_around()
        luck = self.luck
        if luck.random() < LOGS_IN:
            self._log_in()
            self._look_around()
            if luck.random() < TWO_DEVICES:
                self._begin()
                self._agree()
                self._look_around()
                self._log_in()
            if luck.random() < LOGS_OUT:
                self._log_out()
        elif luck.random() < RETURNS:
            self._look_around()
        if luck.random() < LEAVES:
            self._leave()

    # -- pages -----------------------------------------------------------------------------

    def _page(self, page: Page) -> str:
        """Note what counts on a page that has come; returns its text."""
        if page.status != 200:
            raise Unexpected(f"{page.path} is answered with {page.status}")
        if not self._remembered:
            return page.text  # whatever is shown, nobody is counted
        before = len(self._unit.facts)
        if page.path == "/":
            self._home = [Showing(one) for one in seen(page.text)]
            self._note(*self._home)
            named = [one.seen for one in self._home if one.seen.slot == LOGO]
            self._logo = named[0] if named else None
            for one in self._home:
                if one.seen.experiment and one.seen.held != "holdout":
                    self._arms[one.seen.experiment] = one.seen.arm
        elif page.path.startswith(OWN_PAGES):
            pass  # of ours: nothing is shown there
        elif logo(page.text):
            self._note(Showing(Seen(LOGO, LOGO_RULE)))
        elif self._logo is not None and self._logo.held:
            self._note(Showing(self._logo))
        if len(self._unit.facts) > before or page.path.startswith(TRACKED):
            self._note(Fact("page"))
        return page.text

    def _note(self, *facts: Showing | Fact) -> None:
        if self._counted:
            self._unit.facts += facts

    def _open(self, path: str) -> str:
        return self._page(self._browser.open(path))

    def _send(self, path: str, **fields: str) -> str:
        return self._page(self._browser.send(path, **fields))

    def _agree(self) -> None:
        self._open("/")
        self._remembered, self._counted = True, self.consents == "granted"
        self._send(CONSENT, choice=self.consents, next="/")
        self._answer()

    def _look_around(self) -> None:
        """Some pages about the favourite animal, and home again."""
        luck = self.luck
        page = self._open(f"/c/{self.taste.favourite}")
        self._looks += 1
        found = products(page)
        for _ in range(luck.choice(LOOKS) - 1):
            path = f"/p/{luck.choice(found)}"
            if luck.random() < FETCHES_AHEAD:
                self._browser.open(path, ahead=True)
            self._open(path)
            self._looks += 1
        self._open("/")
        self._answer()
        self._buy(found)

    # -- what is shown ---------------------------------------------------------------------

    def _answer(self) -> None:
        """Follow something of the start page, send it away or rate it; mostly nothing."""
        luck = self.luck
        for one in list(self._home):
            seen = one.seen
            chance = self.taste.curious * effect(seen.experiment, seen.arm).clicks
            if seen.links and luck.random() < chance:
                one.clicked = True
                link = luck.choice(seen.links)
                if luck.random() < FETCHES_AHEAD:
                    self._browser.open(link, ahead=True)
                self._open(link)
                # Links of who must not be counted name no showing.
                if self._counted and luck.random() < TELLS:
                    friend = Friend(self._line, self._seed, self._number, link)
                    friend.walk()
                    self.units += friend.units
                if luck.random() < 0.2:
                    self._open(luck.choice(seen.links))  # one showing, followed twice
            elif seen.thumbs and luck.random() < RATES:
                self._rate(one)
            elif seen.dismissal and luck.random() < self.taste.picky:
                one.dismissed = True
                self._send(seen.dismissal)

    def _rate(self, one: Showing) -> None:
        """Thumbs up or down; some change their mind, and what they said last counts."""
        for _ in range(2 if self.luck.random() < 0.2 else 1):
            one.rated = self.luck.choice(("up", "up", "down"))
            self._send(one.seen.thumbs, rating=one.rated)

    # -- buying ----------------------------------------------------------------------------

    def _buy(self, found: list[str]) -> None:
        """Whether to order is settled once, when all that there is may have been shown: then an
        arm's part of those who order is its factor times that of others."""
        luck = self.luck
        if self._decided or self._looks < CONSIDERING:
            return
        self._decided = True
        orders = luck.random() < self.taste.ready * orders_factor(self._arms)
        if not orders and luck.random() > BASKET:
            return
        for _ in range(luck.choice((1, 1, 2, 3))):
            self._add(luck.choice(found))
        if orders:
            self._order()

    def _add(self, product: str) -> None:
        if sold(self._open(f"/p/{product}")):
            quantity = self.luck.choice(("1", "1", "2"))
            self._note(Fact("added"))
            self._send("/cart/add", product=product, quantity=quantity)

    def _order(self) -> None:
        page = self._browser.open("/checkout")
        if page.path != "/checkout":
            self._page(page)
            return  # everything was sold out
        value = cents(self._page(page))
        self._note(Fact("ordered", value))
        self._send("/checkout", doorstep="front")

    # -- who it is -------------------------------------------------------------------------

    def _log_in(self) -> None:
        stranger = self._unit
        if self._customer is None:
            self._customer = stranger
        else:
            self._customer.join(stranger)
            self.units.remove(stranger)
            self._unit = self._customer
        self._send("/login", name=self.name)
        self._answer()

    def _log_out(self) -> None:
        self._unit = self._new_unit()
        self._send("/logout")

    def _leave(self) -> None:
        """Take consent back, on one of four ways; in two of them not all of it."""
        luck = self.luck
        way = luck.choice(
            ("denied", "denied", "erase", "statistics", "personalization")
        )
        if way == "personalization":
            self._counted = False  # from here on; what was counted stays
            self._send(CONSENT, choice=way, next="/")
            self._look_around()
        else:
            self._unit.left = True
            self._unit = self._new_unit()
            self._remembered = self._counted = False
            if way == "erase":
                question = self._open(ERASE)
                self._send(ERASE, ticket=ticket(question))
            else:
                self._send(CONSENT, choice=way, next="/")
            self._open("/")
        if luck.random() < COMES_BACK:
            self._agree()
            self._look_around()


class Friend(Visitor):
    """Somebody who was sent a link that was made for another: following it counts for nobody."""

    def __init__(self, line: Line, seed: int, number: int, link: str) -> None:
        super().__init__(line, seed, number)
        self._link = link

    def walk(self) -> None:
        self._agree()
        self._open(self._link)

    def _answer(self) -> None:
        pass


def _name(number: int) -> str:
    """A first name that nobody else has: letters alone, as the shop wants them."""
    letters = ""
    while number:
        number, rest = divmod(number, 26)
        letters = chr(97 + rest) + letters
    return f"Mia {letters or 'a'}"

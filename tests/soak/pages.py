"""Pages as wrong as people and templates make them, cut anywhere: against the page as a whole, and a browser's tree."""

from collections import Counter
from collections.abc import Callable

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from shopwindow.fragments.rewrite import Hole, Kept
from tests.fragments.browser import misplaced, spans
from tests.fragments.pages import PAGES
from tests.fragments.test_rewrite import PAGE, pieces, stripped, text

from .soaked import KEPT, Soaked

CUTS = st.lists(st.floats(0, 1), max_size=6)


def soak_pages(
    count: int, seed_: int, advance: Callable[[], None] = lambda: None
) -> Soaked:
    """``count`` made-up pages: no byte outside of slots changes, no cut does, and slots end where elements end."""
    faults: list[str] = []
    figures: Counter[str] = Counter()

    @seed(seed_)
    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.one_of(PAGES, PAGES, PAGE), CUTS)
    def one(page: str, places: list[float]) -> None:
        advance()
        raw = page.encode()
        whole = pieces(raw)
        cuts = [int(place * len(raw)) for place in places]
        wrong = []
        if text(whole) != stripped(page):
            wrong.append("bytes were lost")
        if pieces(raw, cuts) != whole:
            wrong.append(f"cuts at {cuts} change it")
        figures["slots"] += sum(isinstance(piece, Hole) for piece in whole)
        figures["kept as they were"] += sum(isinstance(piece, Kept) for piece in whole)
        if "\x1e" not in page:
            looked, ends = misplaced(raw, whole)
            figures["ends compared with a browser's"] += looked
            figures["slots within slots"] += len(spans(whole)) - sum(
                isinstance(piece, Hole) for piece in whole
            )
            wrong += ends
        if wrong:
            faults.append(f"{page!r}: {'; '.join(wrong)}")

    one()
    return Soaked("pages", count, len(faults), figures, sorted(faults, key=len)[:KEPT])

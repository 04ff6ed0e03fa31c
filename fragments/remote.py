"""Fragments that another server renders: their addresses, and what of an answer can be shown."""

import codecs
import html
import re
from collections.abc import Iterator, Mapping, Set
from urllib.parse import quote, urlsplit

import msgspec

LANGUAGE = "language"  # in every address, without being declared
LONGEST = 2_000  # characters of an address

_BEGINNING = re.compile(r"https?://[^/?#]+", re.IGNORECASE)
_HOLE = re.compile(r"\{([^{}]*)\}")
_NAME = re.compile(r"[A-Za-z][\w-]*\Z", re.ASCII)
_UNFIT = re.compile(r"[\x00-\x20\x7f\\]|[^\x00-\x7f]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([A-Za-z0-9_.:-]+)", re.IGNORECASE)
# Encodings in which the bytes of "<" and of letters are those of ASCII.
_READABLE = re.compile(
    r"(?:utf-8|ascii|iso8859-\d+|cp125\d|cp874|koi8-\w|mac-\w+|tis-620|"
    r"shift_jis|cp932|euc_jp|euc_kr|cp949|gb2312|gbk|gb18030|big5|big5hkscs)\Z"
)


class Unshowable(ValueError):
    """An answer that no page can hold; says why."""


class Remote(msgspec.Struct, frozen=True):
    """One ``[fragments.NAME]`` of site.toml.

    ``url`` has ``{name}`` where a parameter is filled in; ``required`` and ``optional`` are
    their names. An answer is shown for ``cache`` seconds, and for ``stale`` more while a new
    one is on its way. ``header`` may hold secrets: it goes to the server alone.
    """

    name: str
    url: str
    required: frozenset[str] = frozenset()
    optional: frozenset[str] = frozenset()
    header: Mapping[str, str] = {}
    cache: float = 300.0
    stale: float = 300.0

    def __repr__(self) -> str:
        return f"<Remote {self.name} {self.url}>"

    @property
    def origin(self) -> str:
        """Scheme, host and port: no parameter changes them."""
        found = _BEGINNING.match(self.url)
        return found[0].lower() if found else ""

    def address(self, values: Mapping[str, str]) -> str:
        """The address with ``values`` in the places of its names, percent-encoded.

        ``values`` has the language and every required parameter. Raises :class:`ValueError`
        for what would lead to another place: a value that is no single part of the path,
        control characters, more than :data:`LONGEST` characters.
        """
        path, mark, query = self.url.partition("?")
        parts = [self._part(part, values) for part in path.split("/")]
        filled = "/".join(parts) + mark + _filled(query, values)
        if len(filled) > LONGEST:
            raise ValueError(f"its address has more than {LONGEST:,} characters")
        return filled

    def _part(self, part: str, values: Mapping[str, str]) -> str:
        """One part of the path: servers may decode it before they split the path."""
        for name in _HOLE.findall(part):
            value = values.get(name, "")
            if not value or "/" in value or "\\" in value:
                raise ValueError(f'{{{name}}} cannot be "{value}" in the path')
        filled = _filled(part, values)
        if part != filled and filled in (".", ".."):
            raise ValueError(f'"{filled}" cannot be a part of the path')
        return filled


def _filled(text: str, values: Mapping[str, str]) -> str:
    def replaced(hole: re.Match[str]) -> str:
        value = values.get(hole[1], "")
        if _CONTROL.search(value):
            raise ValueError(f"{{{hole[1]}}} has a control character")
        return quote(value, safe="")  # UnicodeEncodeError is a ValueError

    return _HOLE.sub(replaced, text)


def names_in(url: str) -> tuple[str, ...]:
    """The names that stand in braces, in their order."""
    return tuple(dict.fromkeys(_HOLE.findall(url)))


def mistakes(
    url: str, required: Set[str], optional: Set[str]
) -> Iterator[tuple[str, str]]:
    """What is wrong with the address of a fragment: messages with their hints."""
    beginning = _BEGINNING.match(url)
    if beginning is None:
        yield "a url starts with https:// or http://, and a host", ""
        return
    host = beginning[0]
    if "{" in host:
        yield "the host cannot be a parameter", "write out which server it is"
        return
    if "@" in host:
        hint = 'header = { Authorization = "env:SHOPWINDOW_SOURCE_..." }'
        yield "a url holds no name and password", hint
        return
    try:
        known = bool(urlsplit(host).hostname) and urlsplit(host).port != 0
    except ValueError:
        known = False
    if not known:
        yield f'"{host}" is not a server', "for example https://cms.internal:8443"
        return
    if "#" in url:
        yield 'a url has no "#" here', "it would never reach the server"
    if unfit := _UNFIT.search(_HOLE.sub("", url)):
        # What DNS knows a host of other letters by is another spelling than that of paths.
        hint = "write it percent-encoded"
        if not host.isascii():
            hint = "write the host as DNS knows it, xn--..."
        yield f"a url cannot have {unfit[0]!r}", hint
    if any(part in (".", "..") for part in url.partition("?")[0].split("/")):
        yield 'a url has no "." or ".." among its parts', "write out where it leads"
    if re.search(r"[{}]", _HOLE.sub("", url)):
        yield "a brace has no partner", "write for example {category}"
    in_path = set(_HOLE.findall(url.partition("?")[0]))
    names = names_in(url)
    for name in names:
        if name.partition(".")[0] == "visitor":
            words = (
                f'"{{{name}}}" is about the visitor: it never goes to another server'
            )
            yield words, "take it out"
        elif name != LANGUAGE and name not in required | optional:
            hint = "a parameter is declared: parameters = [...]"
            yield f'nothing fills "{{{name}}}"', hint
        elif name in optional and name in in_path:
            hint = "put it into the query, or leave its question mark away"
            yield f'"{name}" may be left away, so it cannot be in the path', hint
    for name in sorted((required | optional) - set(names)):
        hint = f"write {{{name}}} where it belongs"
        yield f'the url does not have the parameter "{name}"', hint


def read_parameters(
    written: tuple[str, ...],
) -> tuple[frozenset[str], frozenset[str], list[tuple[str, str]]]:
    """Required and optional names out of ``["category", "size?"]``, and what is wrong."""
    names: dict[str, bool] = {}
    wrong = []
    for word in written:
        name = word.removesuffix("?")
        if not _NAME.match(name):
            hint = "letters, digits and hyphens, with a ? behind what may be left away"
            wrong.append((f'"{word}" is not a name', hint))
        elif name == LANGUAGE:
            hint = "{language} is the page's, without being declared"
            wrong.append((f'"{name}" cannot be a parameter', hint))
        elif name == "visitor":
            hint = "nothing about the visitor goes to another server"
            wrong.append((f'"{name}" cannot be a parameter', hint))
        elif name in names:
            wrong.append((f'"{name}" is declared twice', ""))
        else:
            names[name] = word.endswith("?")
    required = frozenset(name for name, optional in names.items() if not optional)
    return required, frozenset(names) - required, wrong


def content_of(content_type: str, body: bytes) -> bytes:
    """The HTML of an answer in UTF-8; text/plain is escaped, white space alone is nothing.

    Raises :class:`Unshowable` for other types, other encodings, and bytes that are not of
    the encoding that the answer names (UTF-8, if it names none).
    """
    kind = content_type.partition(";")[0].strip().lower()
    if kind not in ("text/html", "text/plain"):
        raise Unshowable(f"it is {kind or 'of no type'}, not text/html")
    named = _CHARSET.search(content_type)
    charset = named[1] if named else "utf-8"
    try:
        known = codecs.lookup(charset).name
    except (LookupError, ValueError):
        known = ""
    if not _READABLE.match(known):
        raise Unshowable(f"its encoding {charset} cannot be read")
    try:
        text = body.decode(known).removeprefix("\ufeff")
        if kind == "text/plain":
            # In any encoding that a page may have.
            return html.escape(text.strip()).encode("ascii", "xmlcharrefreplace")
        return text.encode() if text.strip() else b""
    except UnicodeError as error:
        raise Unshowable(f"its bytes are not {charset}") from error


def in_charset(content: bytes, charset: str) -> bytes:
    """``content`` of :func:`content_of` in a page's encoding. Raises :class:`Unshowable`."""
    if charset == "utf-8":
        return content
    try:
        return content.decode().encode(charset)
    except UnicodeError as error:
        # A character reference would mean something else in a script or a style.
        raise Unshowable(f"the page's encoding {charset} lacks its letters") from error

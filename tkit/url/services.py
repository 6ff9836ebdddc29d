"""Name the mailing service behind a URL, and recognise the service's open tracker.

The services are in ``services.csv`` beside this module, one row each:

======= ==============================================================================================================
name    as its maker writes it
kind    one of :data:`KINDS`
hosts   ends of host names that belong to the service; ``#`` is one or more digits: ``cmail#.com``
open    patterns of its open tracker on these hosts; with a host in front, on this host only: ``t.example.com/o/``
branded patterns of its open tracker that no other program uses, on any host: many senders use a host of their own
sources where the facts are from: a published list (a name in :mod:`tkit.lists.sources`), a repository
        (``github:OWNER/NAME``) or a page (``HOST/PATH``)
year    when the newest source was written or last checked
======= ==============================================================================================================

``hosts``, ``open``, ``branded`` and ``sources`` hold any number of values, separated by spaces. Each row has a host or a
branded pattern, and at least one source. A host alone names the service; host and pattern together are an open tracker.

A pattern is compared with path and query, from the start of the path. It is plain text with these signs:

================ =====================================================================================================
``{digits}``     one or more digits
``{hex}``        one or more hexadecimal digits
``{word}``       one or more ASCII letters or digits
``{token}``      one or more characters other than ``/ ? & #``
``{uuid}``       a UUID
``{word:8}``     exactly eight of them; ``{word:8+}`` at least eight; ``{word:8-12}`` eight to twelve
``*``            any text, also none; in ``branded`` at the start, before ``/``, any directories
``$``            at the end: nothing follows
================ =====================================================================================================
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from typing import NamedTuple

from tkit.errors import TkitError
from tkit.url.parsing import host_of
from tkit.url.wrapping import unwrap

FILE = "services.csv"
"""The table of services, beside this module."""

KINDS = ("newsletter", "transactional", "sales", "crm", "mail client", "other")
"""The kinds of services: newsletters and marketing; mail that programs send; tracking of letters by sales people; customer
relations and support; mail programs that report the reading; what measures, personalises or advertises in others' mail."""

COLUMNS = ("name", "kind", "hosts", "open", "branded", "sources", "year")
"""The columns of the table."""

_CLASSES = {"digits": "[0-9]", "hex": "[0-9a-fA-F]", "word": "[0-9A-Za-z]", "token": "[^/?&#]"}
_UUID = "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
_SIGN = re.compile(r"\{uuid\}|\{(digits|hex|word|token)(?::(\d+)(\+|-\d+)?)?\}|\*|\$$")
_HOST = re.compile(r"(?:[a-z0-9#](?:[a-z0-9#-]*[a-z0-9#])?\.)+[a-z][a-z0-9-]*[a-z0-9]")
_SOURCE = re.compile(r"github:[\w.-]+/[\w.-]+|[a-z0-9_]+|(?:[a-z0-9-]+\.)+[a-z]+(?:/\S*)?")
_DIGITS = re.compile("[0-9]+")


@dataclass(frozen=True)
class Service:
    """One row of the table; the fields are its columns."""

    name: str
    kind: str
    hosts: tuple[str, ...]
    open: tuple[str, ...]
    branded: tuple[str, ...]
    sources: tuple[str, ...]
    year: int

    def opens(self) -> dict[str, list[str]]:
        """Return the patterns of the open tracker for each end of a host."""
        everywhere = [pattern for pattern in self.open if pattern.startswith("/")]
        opens = {host: list(everywhere) for host in self.hosts}
        for value in self.open:
            host, slash, rest = value.partition("/")
            if host:
                opens.setdefault(host, list(everywhere)).append(slash + rest)
        return opens


class Known(NamedTuple):
    """The services in the form in which URLs are compared with them.

    Attributes
    ----------
    names : list of str
        Names of the services, in the order of the table.
    hosts : dict of str to (int, str)
        For each end of a host, with ``#`` for digits: the number of the service, and a regular expression that matches its
        open trackers there from the start of the path, ``""`` if none are known.
    branded : list of (int, str)
        Number of the service and regular expression, from the start of the path.
    floating : list of (int, str)
        The same for patterns below any directories. Each begins with ``/``, to be searched for.
    """

    names: list[str]
    hosts: dict[str, tuple[int, str]]
    branded: list[tuple[int, str]]
    floating: list[tuple[int, str]]


def read_services(lines: Iterable[str], where: str = FILE) -> tuple[Service, ...]:
    """Read a table of services.

    Parameters
    ----------
    lines : iterable of str
        CSV with a head of :data:`COLUMNS`.
    where : str
        Name of the file, for messages.

    Returns
    -------
    tuple of Service
        In the order of the table.

    Raises
    ------
    TkitError
        If a row does not have the form that this module describes, or repeats a name, host or branded pattern.
    """
    rows = csv.reader(lines)
    if tuple(next(rows, ())) != COLUMNS:
        raise TkitError(f"{where}: the first line must be {','.join(COLUMNS)}")
    services: list[Service] = []
    taken: dict[str, str] = {}
    for cells in rows:
        place = f"{where}, line {rows.line_num}"
        if len(cells) != len(COLUMNS):
            raise TkitError(f"{place}: {len(cells)} cells instead of {len(COLUMNS)}: quote a cell that contains a comma")
        service = _service(dict(zip(COLUMNS, cells, strict=True)), place)
        for value in (f"name {service.name}", *(f"host {host}" for host in service.opens()), *service.branded):
            if value in taken:
                raise TkitError(f"{place}: {value} is already in the row of {taken[value]}: give it to one of them")
            taken[value] = service.name
        services.append(service)
    return tuple(services)


def _service(cells: Mapping[str, str], place: str) -> Service:
    lists = {column: tuple(cells[column].split()) for column in ("hosts", "open", "branded", "sources")}
    if not cells["name"] or cells["name"] != cells["name"].strip():
        raise TkitError(f"{place}: name {cells['name']!r}: give a name without spaces around it")
    if cells["kind"] not in KINDS:
        raise TkitError(f"{place}: kind {cells['kind']!r}: known are {', '.join(KINDS)}")
    if not lists["sources"] or not all(map(_SOURCE.fullmatch, lists["sources"])):
        raise TkitError(f"{place}: sources {cells['sources']!r}: name a list, github:OWNER/NAME or HOST/PATH")
    if not re.fullmatch(r"20\d\d", cells["year"]):
        raise TkitError(f"{place}: year {cells['year']!r}: write it with four digits")
    service = Service(cells["name"], cells["kind"], **lists, year=int(cells["year"]))
    for host, patterns in service.opens().items():
        if not _HOST.fullmatch(host):
            raise TkitError(f"{place}: host {host!r}: write the end of a host name in lower case, such as mail.example.com")
        for pattern in patterns:
            regular_expression(pattern, place)
    for pattern in service.branded:
        regular_expression(pattern, place)
        if not re.search("[A-Za-z0-9]", _SIGN.sub("", pattern)):
            raise TkitError(f"{place}: branded {pattern!r}: too general for any host, give it a host")
    if not (service.opens() or service.branded):
        raise TkitError(f"{place}: {cells['name']} has neither a host nor a branded pattern: give one of them")
    return service


def regular_expression(pattern: str, place: str = "pattern") -> str:
    r"""Return a pattern as a regular expression, in the syntax that Python, JavaScript and Perl share.

    It matches from the start of the path; that of a pattern that begins with ``*/`` is to be searched for.

    Raises
    ------
    TkitError
        If the pattern does not begin with ``/`` or ``*/``, or has unknown signs.

    Examples
    --------
    >>> regular_expression("/t/{hex:24}/*.gif$")
    '/t/[0-9a-fA-F]{24}/.*\\.gif$'
    >>> regular_expression("*/ut.php?u={word:8+}")
    '/ut\\.php\\?u=[0-9A-Za-z]{8,}'
    """
    rest = pattern[1:] if pattern.startswith("*/") else pattern
    parts, at = [], 0
    for sign in _SIGN.finditer(rest):
        parts += [_escaped(rest[at : sign.start()]), _sign(sign)]
        at = sign.end()
    if not rest.startswith("/") or set(_SIGN.sub("", rest)) & set("{}*$"):
        raise TkitError(f"{place}: pattern {pattern!r}: begin with / and use the signs described in {__name__}")
    return "".join((*parts, _escaped(rest[at:])))


def _escaped(text: str) -> str:
    """Escape what has a meaning in every engine, and nothing else: JavaScript rejects escapes that mean nothing."""
    return re.sub(r"[\\.^$*+?()\[\]{}|]", r"\\\g<0>", text)


def _sign(sign: re.Match[str]) -> str:
    if sign[0] == "{uuid}":
        return _UUID
    if sign[1] is None:
        return {"*": ".*", "$": "$"}[sign[0]]
    least, most = sign[2], sign[3]
    if least is None:
        return f"{_CLASSES[sign[1]]}+"
    span = least if most is None else f"{least}," if most == "+" else f"{least},{most[1:]}"
    return f"{_CLASSES[sign[1]]}{{{span}}}"


@cache
def services() -> tuple[Service, ...]:
    """Return the table of services, read at the first call."""
    text = resources.files(__package__).joinpath(FILE).read_text(encoding="utf-8")
    return read_services(text.splitlines(keepends=True))


@cache
def known() -> Known:
    """Return the table in the form in which URLs are compared with it."""
    table = services()
    branded = [(number, pattern) for number, service in enumerate(table) for pattern in service.branded]
    return Known(
        names=[service.name for service in table],
        hosts={
            host: (number, "|".join(map(regular_expression, patterns)))
            for number, service in enumerate(table)
            for host, patterns in service.opens().items()
        },
        branded=[(number, regular_expression(pattern)) for number, pattern in branded if not pattern.startswith("*/")],
        floating=[(number, regular_expression(pattern)) for number, pattern in branded if pattern.startswith("*/")],
    )


def service_names(resolved_urls: Sequence[str]) -> list[str]:
    """Return the mailing service of each URL, or of the original if it is wrapped; ``""`` if unknown.

    >>> service_names(["http://x.list-manage.com/track/open.php?u=1&id=2", "http://a.example/o.gif"])
    ['Mailchimp', '']
    """
    names = []
    for url in map(unwrap, resolved_urls):
        host = host_of(url)
        names.append(service_of(host, url[url.find(host, 6) + len(host) :])[0])
    return names


@lru_cache(maxsize=1 << 14)
def service_of(host: str, path_and_query: str) -> tuple[str, bool]:
    """Return the mailing service of a URL, ``""`` if unknown, and whether the URL is a known open tracker.

    The owner of the host gives the name; if the host is nobody's, the open tracker does.

    Examples
    --------
    >>> service_of("news.list-manage.com", "/track/open.php?u=1&id=2")
    ('Mailchimp', True)
    >>> service_of("mcusercontent.com", "/logo.png"), service_of("a.example", "/logo.png")
    (('Mailchimp', False), ('', False))
    """
    number, opens = _host_entry(host)
    if number >= 0 and opens and opens.match(path_and_query):
        return known().names[number], True
    found = _branded(path_and_query)
    named = number if number >= 0 else found
    return (known().names[named] if named >= 0 else "", found >= 0)


@lru_cache(maxsize=1 << 14)
def _host_entry(host: str) -> tuple[int, re.Pattern[str] | None]:
    """Return the number and open trackers of the service with the longest end of a host that fits, -1 if there is none."""
    hosts = known().hosts
    rest, marked = host, _DIGITS.sub("#", host)
    while rest:
        entry = hosts.get(rest) or hosts.get(marked)
        if entry:
            return entry[0], re.compile(entry[1]) if entry[1] else None
        rest, marked = rest.partition(".")[2], marked.partition(".")[2]
    return -1, None


def _branded(path_and_query: str) -> int:
    """Return the number of the first service whose branded pattern fits, -1 if there is none."""
    anchored, floating = _any_branded()
    if anchored.match(path_and_query):
        return next(number for number, pattern in _each_branded() if pattern.match(path_and_query))
    if floating.search(path_and_query):
        return next(number for number, pattern in _each_floating() if pattern.search(path_and_query))
    return -1


@cache
def _any_branded() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Return the expressions that say in one pass, for nearly every URL, that no branded pattern fits."""
    of_path, anywhere = ([pattern[1:] for _, pattern in rows] for rows in (known().branded, known().floating))
    return re.compile(f"/(?:{'|'.join(of_path)})"), re.compile(f"/(?:{'|'.join(anywhere)})")


@cache
def _each_branded() -> list[tuple[int, re.Pattern[str]]]:
    return [(number, re.compile(pattern)) for number, pattern in known().branded]


@cache
def _each_floating() -> list[tuple[int, re.Pattern[str]]]:
    return [(number, re.compile(pattern)) for number, pattern in known().floating]

"""The label sources: named rules, each with the columns that it reads and the cue that it uses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import pandas as pd

Vote = Callable[[pd.DataFrame], "pd.Series[bool]"]


@dataclass(frozen=True)
class Source:
    """One label source.

    Attributes
    ----------
    name : str
    says : {"T", "C", "S"}
        The label that it votes for.
    family : str
        The cue that it uses; votes of one family are not independent of each other.
    uses : tuple of str
        The columns that it reads, features or columns of :data:`tkit.campaigns.mailings.COLUMNS`; it gets no others.
    meaning : str
        When it votes, in one sentence.
    votes : callable
        Maps rows with the columns ``uses`` to bool: whether it votes.
    """

    name: str
    says: Literal["T", "C", "S"]
    family: str
    uses: tuple[str, ...]
    meaning: str
    votes: Vote


_SOURCES: list[Source] = []


def _source(says: Literal["T", "C", "S"], family: str, uses: str) -> Callable[[Vote], Vote]:
    """Register a rule under its name, with its docstring as its meaning."""

    def register(rule: Vote) -> Vote:
        columns = tuple(dict.fromkeys(uses.split()))
        _SOURCES.append(Source(rule.__name__, says, family, columns, str(rule.__doc__), rule))
        return rule

    return register


# Columns that the shared conditions below read.
_INVISIBLE = "tiny hidden hidden_around"
_VISIBLE_PICTURE = "short_side long_side " + _INVISIBLE
_CODES = "longest_mixed_word longest_decimal longest_hex longest_case_mixed"


def _invisible(rows: pd.DataFrame) -> pd.Series[bool]:
    """Return whether it is tiny or hidden."""
    return (rows["tiny"] == 1) | (rows["hidden"] == 1) | (rows["hidden_around"] == 1)


def _visible_picture(rows: pd.DataFrame) -> pd.Series[bool]:
    """Return whether the declared size is that of a visible picture."""
    return (rows["short_side"] >= 8) & (rows["long_side"] >= 16) & ~_invisible(rows)


def _without_code(rows: pd.DataFrame) -> pd.Series[bool]:
    """Return whether no run of characters could be a recipient's code."""
    return (
        (rows["longest_mixed_word"] < 5)
        & (rows["longest_decimal"] < 6)
        & (rows["longest_hex"] < 8)
        & (rows["longest_case_mixed"] < 8)
    )


@_source("T", "copies", "evidence alt_length in_link " + _VISIBLE_PICTURE)
def token_of_recipient(rows: pd.DataFrame) -> pd.Series[bool]:
    """Individual to the recipient or the copy, and nothing to see: no picture's size, no alternative text, no link."""
    individual = rows["evidence"].isin(["recipient", "copy"])
    return individual & ~_visible_picture(rows) & (((rows["alt_length"] <= 0) & (rows["in_link"] == 0)) | _invisible(rows))


@_source("T", "copies", "evidence name_spacer " + _INVISIBLE)
def token_of_mailing(rows: pd.DataFrame) -> pd.Series[bool]:
    """Individual to the mailing, and invisible."""
    return (rows["evidence"] == "mailing") & _invisible(rows) & (rows["name_spacer"] == 0)


@_source("T", "address", "recipient_in_url address_in_url " + _INVISIBLE)
def address_in_pixel(rows: pd.DataFrame) -> pd.Series[bool]:
    """Invisible, with an email address in its URL: a recipient's, or any."""
    return ((rows["recipient_in_url"] == 1) | (rows["address_in_url"] == 1)) & _invisible(rows)


@_source("T", "provider", "provider_open " + _VISIBLE_PICTURE)
def beacon_of_provider(rows: pd.DataFrame) -> pd.Series[bool]:
    """The open beacon of a known mailing service, without a picture's size."""
    return (rows["provider_open"] == 1) & ~_visible_picture(rows)


@_source("T", "token", "own_token name_spacer carrier_sheet " + _INVISIBLE)
def hidden_token(rows: pd.DataFrame) -> pd.Series[bool]:
    """Invisible, with a token that no other reference has."""
    return _invisible(rows) & (rows["own_token"] >= 6) & (rows["name_spacer"] == 0) & (rows["carrier_sheet"] == 0)


@_source("T", "token", "query_parameters " + _INVISIBLE)
def hidden_query(rows: pd.DataFrame) -> pd.Series[bool]:
    """Invisible, with parameters."""
    return _invisible(rows) & (rows["query_parameters"] >= 1)


@_source("T", "links", "token_in_links " + _INVISIBLE)
def token_of_links(rows: pd.DataFrame) -> pd.Series[bool]:
    """Invisible, with a token that a link has too."""
    return _invisible(rows) & (rows["token_in_links"] >= 8)


@_source("T", "name", "extension_script extension_none " + _INVISIBLE)
def hidden_program(rows: pd.DataFrame) -> pd.Series[bool]:
    """Invisible, and its name is that of a server script or has no extension."""
    return _invisible(rows) & ((rows["extension_script"] == 1) | (rows["extension_none"] == 1))


@_source("T", "words", "path_open_track name_open name_track host_name_track name_spacer " + _INVISIBLE)
def hidden_open_words(rows: pd.DataFrame) -> pd.Series[bool]:
    """Invisible, with words for opening or tracking in its URL."""
    words = (rows["path_open_track"] == 1) | (rows[["name_open", "name_track", "host_name_track"]].sum(axis=1) > 0)
    return _invisible(rows) & words & (rows["name_spacer"] == 0)


@_source("T", "words", "path_open_track name_open name_track extension_picture " + _VISIBLE_PICTURE)
def open_program(rows: pd.DataFrame) -> pd.Series[bool]:
    """Words for opening or tracking in its URL, without a picture's name and size."""
    words = (rows["path_open_track"] == 1) | (rows[["name_open", "name_track"]].sum(axis=1) > 0)
    return words & (rows["extension_picture"] == 0) & ~_visible_picture(rows)


@_source("T", "place", "tiny_others references_after name_spacer " + _INVISIBLE)
def lone_last_pixel(rows: pd.DataFrame) -> pd.Series[bool]:
    """The only invisible reference of its document, and the last reference."""
    return _invisible(rows) & (rows["tiny_others"] == 0) & (rows["references_after"] == 0) & (rows["name_spacer"] == 0)


@_source("C", "copies", "evidence present_recipients " + _INVISIBLE)
def same_for_recipients(rows: pd.DataFrame) -> pd.Series[bool]:
    """The same URL in the copies of two or more recipients, and visible."""
    return (rows["evidence"] == "identical") & (rows["present_recipients"] >= 2) & ~_invisible(rows)


@_source("C", "copies", "evidence " + _INVISIBLE)
def creative(rows: pd.DataFrame) -> pd.Series[bool]:
    """Visible, and one of a few pictures that the copies show in this position."""
    return (rows["evidence"] == "variant") & ~_invisible(rows)


@_source("C", "spread", "url_recipients url_mailings extension_picture " + _INVISIBLE)
def shared_picture(rows: pd.DataFrame) -> pd.Series[bool]:
    """A picture by name, visible, with its URL in the mails of several recipients and mailings."""
    shared = (rows["url_recipients"] >= 2) & (rows["url_mailings"] >= 2)
    return shared & (rows["extension_picture"] == 1) & ~_invisible(rows)


@_source("S", "spread", "url_mailings extension_picture query_length " + _INVISIBLE)
def shared_spacer(rows: pd.DataFrame) -> pd.Series[bool]:
    """A picture by name without a query, invisible, with its URL in several mailings."""
    return (rows["url_mailings"] >= 2) & (rows["extension_picture"] == 1) & (rows["query_length"] == 0) & _invisible(rows)


@_source("S", "words", "name_spacer query_length " + _CODES)
def spacer_name(rows: pd.DataFrame) -> pd.Series[bool]:
    """A spacer by name, without a query or code."""
    return (rows["name_spacer"] > 0) & (rows["query_length"] == 0) & _without_code(rows)


@_source("S", "repeats", "repeats extension_picture query_length thin " + _INVISIBLE)
def repeated_spacer(rows: pd.DataFrame) -> pd.Series[bool]:
    """Invisible or a line, a picture by name, and three or more times in its document."""
    picture = (rows["extension_picture"] == 1) & (rows["query_length"] == 0)
    return (rows["repeats"] >= 3) & picture & (_invisible(rows) | (rows["thin"] == 1))


@_source("C", "repeats", "repeats extension_picture thin " + _INVISIBLE)
def repeated_picture(rows: pd.DataFrame) -> pd.Series[bool]:
    """A picture by name, visible, and two or more times in its document."""
    return (rows["repeats"] >= 2) & (rows["extension_picture"] == 1) & (rows["thin"] == 0) & ~_invisible(rows)


@_source("S", "size", "thin extension_picture query_length address_in_url hidden hidden_around")
def line(rows: pd.DataFrame) -> pd.Series[bool]:
    """A line by declared size, a picture by name, without a query."""
    plain = (rows["extension_picture"] == 1) & (rows["query_length"] == 0) & (rows["address_in_url"] == 0)
    return (rows["thin"] == 1) & plain & (rows["hidden"] == 0) & (rows["hidden_around"] == 0)


@_source("C", "size", "extension_picture query_length address_in_url " + _VISIBLE_PICTURE)
def ordinary_picture(rows: pd.DataFrame) -> pd.Series[bool]:
    """A picture by declared size and by name, without a query or address."""
    plain = (rows["extension_picture"] == 1) & (rows["query_length"] == 0) & (rows["address_in_url"] == 0)
    return plain & _visible_picture(rows)


@_source("C", "name", "extension_picture query_length thin " + _CODES + " " + _INVISIBLE)
def plain_picture_name(rows: pd.DataFrame) -> pd.Series[bool]:
    """A picture by name, visible, without a query or code."""
    plain = (rows["extension_picture"] == 1) & (rows["query_length"] == 0) & _without_code(rows)
    return plain & (rows["thin"] == 0) & ~_invisible(rows)


@_source("C", "sheet", "carrier_sheet query_length address_in_url recipient_in_url")
def style_sheet(rows: pd.DataFrame) -> pd.Series[bool]:
    """A style sheet or font, without an address or long query."""
    address = (rows["address_in_url"] == 1) | (rows["recipient_in_url"] == 1)
    return (rows["carrier_sheet"] == 1) & (rows["query_length"] < 200) & ~address


@_source("C", "alt", "alt_length address_in_url " + _INVISIBLE)
def described(rows: pd.DataFrame) -> pd.Series[bool]:
    """Visible, with an alternative text, without an address in its URL."""
    return (rows["alt_length"] >= 3) & (rows["address_in_url"] == 0) & ~_invisible(rows)


@_source("C", "directory", "same_directory extension_picture query_length " + _INVISIBLE)
def among_pictures(rows: pd.DataFrame) -> pd.Series[bool]:
    """A picture by name, visible, with two other references of its document in its directory."""
    return (rows["same_directory"] >= 2) & (rows["extension_picture"] == 1) & (rows["query_length"] == 0) & ~_invisible(rows)


@_source("C", "link", "in_link extension_picture " + _INVISIBLE)
def linked_picture(rows: pd.DataFrame) -> pd.Series[bool]:
    """A picture by name, visible, inside a link."""
    return (rows["in_link"] == 1) & (rows["extension_picture"] == 1) & ~_invisible(rows)


SOURCES: Sequence[Source] = tuple(_SOURCES)
"""All label sources, those for trackers first."""

"""The label sources: each a named rule, with the columns that it reads and the cue that it goes by."""

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
        What it votes, where it votes.
    family : str
        The cue that it goes by; votes of one family are not independent of each other.
    uses : tuple of str
        The columns that it reads, features or columns of :data:`tkit.campaigns.mailings.COLUMNS`; it is given no others.
    meaning : str
        When it votes, in a sentence.
    votes : callable
        Rows with the columns ``uses`` to bool.
    """

    name: str
    says: Literal["T", "C", "S"]
    family: str
    uses: tuple[str, ...]
    meaning: str
    votes: Vote


_SOURCES: list[Source] = []


def _source(says: Literal["T", "C", "S"], family: str, uses: str) -> Callable[[Vote], Vote]:
    """Register a rule under its name, with its docstring as meaning."""

    def register(rule: Vote) -> Vote:
        columns = tuple(dict.fromkeys(uses.split()))
        _SOURCES.append(Source(rule.__name__, says, family, columns, str(rule.__doc__), rule))
        return rule

    return register


# What several rules look at, and the columns that these read.
_UNSEEN = "tiny hidden hidden_around"
_SHOWN = "short_side long_side " + _UNSEEN
_CODED = "longest_mixed_word longest_decimal longest_hex longest_case_mixed"


def _unseen(rows: pd.DataFrame) -> pd.Series[bool]:
    return (rows["tiny"] == 1) | (rows["hidden"] == 1) | (rows["hidden_around"] == 1)


def _shown(rows: pd.DataFrame) -> pd.Series[bool]:
    """Of a declared size that a picture has."""
    return (rows["short_side"] >= 8) & (rows["long_side"] >= 16) & ~_unseen(rows)


def _uncoded(rows: pd.DataFrame) -> pd.Series[bool]:
    """No run in it that could be a recipient's code."""
    return (
        (rows["longest_mixed_word"] < 5)
        & (rows["longest_decimal"] < 6)
        & (rows["longest_hex"] < 8)
        & (rows["longest_case_mixed"] < 8)
    )


@_source("T", "copies", "evidence alt_length in_link " + _SHOWN)
def token_of_recipient(rows: pd.DataFrame) -> pd.Series[bool]:
    """Individual to the recipient or the copy, and nothing to look at: no picture's size, no text for it, no link."""
    individual = rows["evidence"].isin(["recipient", "copy"])
    return individual & ~_shown(rows) & (((rows["alt_length"] <= 0) & (rows["in_link"] == 0)) | _unseen(rows))


@_source("T", "copies", "evidence name_spacer " + _UNSEEN)
def token_of_mailing(rows: pd.DataFrame) -> pd.Series[bool]:
    """Individual to the mailing, and invisible."""
    return (rows["evidence"] == "mailing") & _unseen(rows) & (rows["name_spacer"] == 0)


@_source("T", "address", "recipient_in_url address_in_url " + _UNSEEN)
def address_in_pixel(rows: pd.DataFrame) -> pd.Series[bool]:
    """A mail address, the recipient's or of its form, in the URL of something invisible."""
    return ((rows["recipient_in_url"] == 1) | (rows["address_in_url"] == 1)) & _unseen(rows)


@_source("T", "provider", "provider_open " + _SHOWN)
def beacon_of_provider(rows: pd.DataFrame) -> pd.Series[bool]:
    """The open beacon of a known mailing service, not of a picture's size."""
    return (rows["provider_open"] == 1) & ~_shown(rows)


@_source("T", "token", "own_token name_spacer carrier_sheet " + _UNSEEN)
def hidden_token(rows: pd.DataFrame) -> pd.Series[bool]:
    """Invisible, with a token of its own."""
    return _unseen(rows) & (rows["own_token"] >= 6) & (rows["name_spacer"] == 0) & (rows["carrier_sheet"] == 0)


@_source("T", "token", "query_parameters " + _UNSEEN)
def hidden_query(rows: pd.DataFrame) -> pd.Series[bool]:
    """Invisible, with parameters."""
    return _unseen(rows) & (rows["query_parameters"] >= 1)


@_source("T", "links", "token_in_links " + _UNSEEN)
def token_of_links(rows: pd.DataFrame) -> pd.Series[bool]:
    """Invisible, with a token that links have too."""
    return _unseen(rows) & (rows["token_in_links"] >= 8)


@_source("T", "name", "extension_script extension_none " + _UNSEEN)
def hidden_program(rows: pd.DataFrame) -> pd.Series[bool]:
    """Invisible, and no file but a program or nothing by its name."""
    return _unseen(rows) & ((rows["extension_script"] == 1) | (rows["extension_none"] == 1))


@_source("T", "words", "path_open_track name_open name_track host_name_track name_spacer " + _UNSEEN)
def hidden_open_words(rows: pd.DataFrame) -> pd.Series[bool]:
    """Invisible, with words of opening or tracking in its URL."""
    words = (rows["path_open_track"] == 1) | (rows[["name_open", "name_track", "host_name_track"]].sum(axis=1) > 0)
    return _unseen(rows) & words & (rows["name_spacer"] == 0)


@_source("T", "words", "path_open_track name_open name_track extension_picture " + _SHOWN)
def open_program(rows: pd.DataFrame) -> pd.Series[bool]:
    """Words of opening or tracking in its URL, no picture's name and no picture's size."""
    words = (rows["path_open_track"] == 1) | (rows[["name_open", "name_track"]].sum(axis=1) > 0)
    return words & (rows["extension_picture"] == 0) & ~_shown(rows)


@_source("T", "place", "tiny_others references_after name_spacer " + _UNSEEN)
def lone_last_pixel(rows: pd.DataFrame) -> pd.Series[bool]:
    """The only invisible reference of its document, and the last one."""
    return _unseen(rows) & (rows["tiny_others"] == 0) & (rows["references_after"] == 0) & (rows["name_spacer"] == 0)


@_source("C", "copies", "evidence present_recipients " + _UNSEEN)
def same_for_recipients(rows: pd.DataFrame) -> pd.Series[bool]:
    """One URL in the copies of two recipients or more, and not invisible."""
    return (rows["evidence"] == "identical") & (rows["present_recipients"] >= 2) & ~_unseen(rows)


@_source("C", "copies", "evidence " + _UNSEEN)
def creative(rows: pd.DataFrame) -> pd.Series[bool]:
    """One of a few pictures that the copies show in this place."""
    return (rows["evidence"] == "variant") & ~_unseen(rows)


@_source("C", "spread", "url_recipients url_mailings extension_picture " + _UNSEEN)
def shared_picture(rows: pd.DataFrame) -> pd.Series[bool]:
    """A picture by name, not invisible, its URL in the mails of several recipients and mailings."""
    shared = (rows["url_recipients"] >= 2) & (rows["url_mailings"] >= 2)
    return shared & (rows["extension_picture"] == 1) & ~_unseen(rows)


@_source("S", "spread", "url_mailings extension_picture query_length " + _UNSEEN)
def shared_spacer(rows: pd.DataFrame) -> pd.Series[bool]:
    """A picture by name without a query, invisible, its URL in several mailings."""
    return (rows["url_mailings"] >= 2) & (rows["extension_picture"] == 1) & (rows["query_length"] == 0) & _unseen(rows)


@_source("S", "words", "name_spacer query_length " + _CODED)
def spacer_name(rows: pd.DataFrame) -> pd.Series[bool]:
    """A spacer by its name, without query and code."""
    return (rows["name_spacer"] > 0) & (rows["query_length"] == 0) & _uncoded(rows)


@_source("S", "repeats", "repeats extension_picture query_length thin " + _UNSEEN)
def repeated_spacer(rows: pd.DataFrame) -> pd.Series[bool]:
    """Invisible or a line, a picture by name, and three times or more in its document."""
    picture = (rows["extension_picture"] == 1) & (rows["query_length"] == 0)
    return (rows["repeats"] >= 3) & picture & (_unseen(rows) | (rows["thin"] == 1))


@_source("C", "repeats", "repeats extension_picture thin " + _UNSEEN)
def repeated_picture(rows: pd.DataFrame) -> pd.Series[bool]:
    """A picture by name that can be seen, and twice or more in its document."""
    return (rows["repeats"] >= 2) & (rows["extension_picture"] == 1) & (rows["thin"] == 0) & ~_unseen(rows)


@_source("S", "size", "thin extension_picture query_length address_in_url hidden hidden_around")
def line(rows: pd.DataFrame) -> pd.Series[bool]:
    """A line by its size, a picture by name, without a query."""
    plain = (rows["extension_picture"] == 1) & (rows["query_length"] == 0) & (rows["address_in_url"] == 0)
    return (rows["thin"] == 1) & plain & (rows["hidden"] == 0) & (rows["hidden_around"] == 0)


@_source("C", "size", "extension_picture query_length address_in_url " + _SHOWN)
def ordinary_picture(rows: pd.DataFrame) -> pd.Series[bool]:
    """A picture by declared size and by name, without query or address."""
    plain = (rows["extension_picture"] == 1) & (rows["query_length"] == 0) & (rows["address_in_url"] == 0)
    return plain & _shown(rows)


@_source("C", "name", "extension_picture query_length thin " + _CODED + " " + _UNSEEN)
def plain_picture_name(rows: pd.DataFrame) -> pd.Series[bool]:
    """A picture by name, without query and code, and not invisible."""
    plain = (rows["extension_picture"] == 1) & (rows["query_length"] == 0) & _uncoded(rows)
    return plain & (rows["thin"] == 0) & ~_unseen(rows)


@_source("C", "sheet", "carrier_sheet query_length address_in_url recipient_in_url")
def style_sheet(rows: pd.DataFrame) -> pd.Series[bool]:
    """A style sheet or font, without an address and without a long query."""
    address = (rows["address_in_url"] == 1) | (rows["recipient_in_url"] == 1)
    return (rows["carrier_sheet"] == 1) & (rows["query_length"] < 200) & ~address


@_source("C", "alt", "alt_length address_in_url " + _UNSEEN)
def described(rows: pd.DataFrame) -> pd.Series[bool]:
    """An alternative text, not invisible, no address in the URL."""
    return (rows["alt_length"] >= 3) & (rows["address_in_url"] == 0) & ~_unseen(rows)


@_source("C", "directory", "same_directory extension_picture query_length " + _UNSEEN)
def among_pictures(rows: pd.DataFrame) -> pd.Series[bool]:
    """A picture by name, not invisible, with two others of its document in its directory."""
    return (rows["same_directory"] >= 2) & (rows["extension_picture"] == 1) & (rows["query_length"] == 0) & ~_unseen(rows)


@_source("C", "link", "in_link extension_picture " + _UNSEEN)
def linked_picture(rows: pd.DataFrame) -> pd.Series[bool]:
    """A picture by name, not invisible, that is a link."""
    return (rows["in_link"] == 1) & (rows["extension_picture"] == 1) & ~_unseen(rows)


SOURCES: Sequence[Source] = tuple(_SOURCES)
"""All label sources, those for trackers first."""

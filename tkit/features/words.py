"""What the features of a reference say, in words that a mail user understands."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tkit.errors import TkitError

MAX_REASONS = 3
"""How many reasons a verdict is given at most."""


def reasons(
    rows: pd.DataFrame, contributions: pd.DataFrame, towards_tracker: NDArray[np.bool_] | Sequence[bool]
) -> list[list[str]]:
    """Return what weighed most towards a verdict.

    Parameters
    ----------
    rows : DataFrame, n rows
        The feature table.
    contributions : DataFrame, n rows
        How much each feature moved the row's score, above 0 towards a tracker; columns are features.
    towards_tracker : sequence of bool, length n
        The verdict of each row.

    Returns
    -------
    list of list of str
        For each row up to :data:`MAX_REASONS` phrases of :func:`reason`, the heaviest first; none for what
        weighed against the verdict. The features of the declared size say one thing: their weights are added
        and they are worded once, ``"declared 1 x 1 px"``.
    """
    names, weight = _size_counted_once(contributions)
    values = {name: rows[name].tolist() for name in {*names, "width", "height"} - {_SIZE}}
    weight = weight * np.where(np.asarray(towards_tracker, bool), 1, -1)[:, None]
    told = []
    for row, order in enumerate(np.argsort(-weight, axis=1, kind="stable")):
        phrases: dict[str, None] = {}
        for column in order:
            if weight[row, column] <= 0 or len(phrases) == MAX_REASONS:
                break
            name = names[column]
            if name == _SIZE:
                phrase = declared_size(values["width"][row], values["height"][row])
            else:
                phrase = reason(name, values[name][row])
            phrases[phrase] = None  # other features of equal wording add nothing
        told.append(list(phrases))
    return told


_SIZE = "declared size"

SIZE_FEATURES = frozenset(f"{of}{side}" for of in ("", "attr_", "style_", "style_max_") for side in ("width", "height")) | {
    "sides_given",
    "short_side",
    "long_side",
    "tiny",
    "thin",
}


def _size_counted_once(contributions: pd.DataFrame) -> tuple[list[str], NDArray[np.float64]]:
    """Return names and weights with the size's features as one column, the last."""
    of_size = contributions.columns.isin(SIZE_FEATURES)
    weight = contributions.to_numpy(np.float64)
    names = [*contributions.columns[~of_size], _SIZE]
    return names, np.column_stack([weight[:, ~of_size], weight[:, of_size].sum(axis=1)])


def declared_size(width: float, height: float) -> str:
    """Return what size a reference declares; a side below 0 is not given.

    >>> declared_size(1, 1), declared_size(-1, -1), declared_size(600, -1)
    ('declared 1 x 1 px', 'no size declared', 'declared 600 px wide')
    """
    if width >= 0 and height >= 0:
        return f"declared {_Number(width)} x {_Number(height)} px"
    if width < 0 and height < 0:
        return reason("sides_given", 0)
    return reason("width", width) if width >= 0 else reason("height", height)


def reason(feature_name: str, value: float) -> str:
    """Return what a feature's value means, as a phrase about the reference.

    Parameters
    ----------
    feature_name : str
        A name of :data:`tkit.features.FEATURES`.
    value : float
        Its value; the one that stands for "not given" has words of its own.

    Raises
    ------
    TkitError
        For a name that is no feature.

    Examples
    --------
    >>> reason("own_token", 34), reason("width", -1), reason("in_link", 0)
    ('its 34-character token is in no other picture', 'no width declared', 'not in a link')
    >>> reason("query_parameters", 1), reason("same_host_share", 0.25)
    ('its URL carries 1 parameter', '25% of the other pictures come from its server')
    """
    words = WORDS.get(feature_name)
    if words is None:
        raise TkitError(f"no feature {feature_name!r} to word: take a name of tkit.features.FEATURES")
    if value == 1 and feature_name in AT_ONE:
        return AT_ONE[feature_name]
    own = words[2:3] if value < 0 else words[1:2] if value == 0 else ()
    return ("".join(own) or words[0]).format(n=_Number(abs(value)))


class _Number(float):
    """A number as people write it: ``{n}`` 1,234 or 4.2; ``{n:digit}`` 2 digits; ``{n:%}`` a share."""

    def __format__(self, unit: str) -> str:
        if unit == "%":
            return "under 1%" if 0 < self < 0.005 else f"{100 * self:.0f}%"
        number = f"{float(self):,.1f}".removesuffix(".0")
        if not unit:
            return number
        one, _, several = unit.partition("/")
        return f"{number} {one if number == '1' else several or one + 's'}"


# Of each feature: the words for its value, for 0 (where they differ), and for "not given" or below 0.
WORDS: dict[str, tuple[str, ...]] = {
    # The URL and its parts
    "url_length": ("its URL is {n:character} long",),
    "host_length": ("its server's name is {n:character} long",),
    "path_length": ("its path is {n:character} long", "its URL has no path"),
    "query_length": ("its query is {n:character} long", "its URL has no query"),
    "fragment_length": ("the part behind its # is {n:character} long", "its URL has no part behind a #"),
    "filename_length": ("its file name is {n:character} long", "its URL names no file"),
    "https": ("loaded over https", "not loaded over https"),
    "host_labels": ("its server's name has {n:part}",),
    "host_digits": ("its server's name holds {n:digit}", "no digit in its server's name"),
    "host_hyphens": ("its server's name holds {n:hyphen}", "no hyphen in its server's name"),
    "host_is_number": ("its server is a bare IP address", "its server has a name"),
    "host_port": ("it asks for an unusual port", "it asks for the usual port"),
    "path_segments": ("its path has {n:part}", "its URL has no path"),
    "query_parameters": ("its URL carries {n:parameter}", "its URL carries no parameter"),
    "digits": ("its path and query hold {n:digit}", "no digit in its path and query"),
    "uppercase": ("its path and query hold {n:capital}", "no capital in its path and query"),
    "percent_escapes": ("its path and query hold {n:percent sign}", "no percent sign in its path and query"),
    "separators": ("its path and query hold {n:sign} such as & and =", "no sign such as & or = in its URL"),
    "wrapped": ("wrapped by a mail gateway or picture proxy",
        "not wrapped by a mail gateway or picture proxy"),
    # Its words and tokens
    "words": ("its path and query hold {n:word}", "no word in its path and query"),
    "longest_word": ("the longest word of its URL has {n:letter}", "no word of letters in its URL"),
    "longest_mixed_word": ("its URL mixes letters and digits in a run of {n:character}",
        "its URL nowhere mixes letters and digits"),
    "mixed_words": ("its URL holds {n:code} of mixed letters and digits",
        "no code of mixed letters and digits in its URL"),
    "mixed_length": ("its codes of mixed letters and digits add up to {n:character}",
        "its URL nowhere mixes letters and digits"),
    "decimal_words": ("its URL holds {n:number}", "no number in its URL"),
    "longest_decimal": ("the longest number in its URL has {n:digit}", "no number in its URL"),
    "longest_hex": ("its URL holds a hexadecimal code of {n:digit}", "no hexadecimal code in its URL"),
    "longest_case_mixed": ("its URL mixes small letters and capitals as no word does, {n:character} long",
        "no oddly mixed capitals in its URL"),
    "consonant_run": ("its URL holds {n:consonant} in a row", "no consonant in the words of its URL"),
    "longest_token": ("the longest token of its URL has {n:character}", "no token in its URL"),
    "token_digit_share": ("digits make up {n:%} of its longest token", "no digit in its longest token"),
    "token_upper_share": ("capitals make up {n:%} of its longest token", "no capital in its longest token"),
    "token_separators": ("its longest token holds {n:hyphen or underscore/hyphens or underscores}",
        "no hyphen or underscore in its longest token"),
    "token_changes": ("letters, digits and case change at {n:%} of the places in its longest token",
        "its longest token is of one kind of character"),
    "token_entropy": ("its longest token carries {n:bit} a character",
        "its longest token carries no information"),
    "long_tokens": ("its URL holds {n:long token} with digits", "no long token with digits in its URL"),
    "base64_text": ("its URL hides {n:character} of text in base64", "no text hidden in base64 in its URL"),
    "hex_text": ("its URL hides {n:character} of text in hexadecimal",
        "no text hidden in hexadecimal in its URL"),
    "uuid": ("its URL holds {n:unique identifier} (UUID)", "no unique identifier (UUID) in its URL"),
    "address_in_url": ("a mail address stands in its URL", "no mail address in its URL"),
    # What its names say
    "extension_gif": ("named as a GIF picture", "not named as a GIF picture"),
    "extension_photo": ("named as a photo", "not named as a photo"),
    "extension_picture": ("named as a picture file", "not named as a picture file"),
    "extension_script": ("named as a server's program (.php, .aspx, ...)", "not named as a server's program"),
    "extension_sheet": ("named as a style sheet or font", "not named as a style sheet or font"),
    "extension_none": ("its file name has no ending", "its file name has an ending"),
    "name_open": ("its URL speaks of opening or reading", "its URL does not speak of opening or reading"),
    "name_track": ("its URL speaks of tracking", "its URL does not speak of tracking"),
    "name_count": ("its URL speaks of counting or logging", "its URL does not speak of counting or logging"),
    "name_spacer": ("its URL is named as a spacer", "its URL is not named as a spacer"),
    "name_picture": ("its URL speaks of pictures or files", "its URL does not speak of pictures or files"),
    "name_recipient": ("its URL has a field for a recipient or identifier",
        "its URL has no field for a recipient or identifier"),
    "name_click": ("its URL speaks of clicking", "its URL does not speak of clicking"),
    "name_beacon": ("its URL has {n:short name} of an open beacon", "its URL has no short name of an open beacon"),
    "name_advert": ("its URL has {n:word} of advertisements", "its URL has no word of advertisements"),
    "name_viewer": ("its URL has {n:word} of picture programs", "its URL has no word of picture programs"),
    "host_name_track": ("its server's name speaks of mail or tracking",
        "its server's name does not speak of mail or tracking"),
    "host_name_picture": ("its server's name speaks of a picture store",
        "its server's name does not speak of a picture store"),
    "path_open_track": ("the path says open or track", "the path says neither open nor track"),
    "provider_known": ("on a known mailing service's server", "not on a known mailing service's server"),
    "provider_open": ("a known mailing service counts opens there",
        "no known mailing service counts opens there"),
    "store_known": ("its server is a known store of pictures or files", "its server is no known store of pictures or files"),
    # How it is written
    "carrier_img": ("written as a picture", "not written as a picture"),
    "carrier_background": ("written as a background", "not written as a background"),
    "carrier_css": ("written inside a style", "not written inside a style"),
    "carrier_sheet": ("a style sheet or font", "not a style sheet or font"),
    "first_segment": ("the first part of its path is {n:character} long", "its path has no first part"),
    "longest_segment": ("the longest part of its path is {n:character} long", "its path has no part"),
    "short_directories": ("its path has {n:folder} of one or two characters", "its path has no folder of a short name"),
    "number_segments": ("{n:part/parts} of its path in digits only", "no part of its path is a number"),
    "path_dots": ("its path has {n:dot}", "its path has no dot"),
    "identifier_share": ("identifiers are {n:%} of its URL", "no identifier in its URL"),
    "identifier_end": ("its identifier ends at {n:%} of its URL", "its URL begins with its identifier", "no identifier in it"),
    "identifier_in_directory": ("an identifier of {n:character} stands among its folders", "no identifier among its folders"),
    "identifier_in_name": ("its name holds an identifier of {n:character}", "no identifier in its name"),
    "identifier_in_query": ("its query holds an identifier of {n:character}", "no identifier in its query"),
    "identifier_in_fragment": ("an identifier of {n:character} stands behind its #", "no identifier behind a #"),
    "size_in_url": ("its URL names a picture's size", "its URL names no picture's size"),
    "conditional": ("only Outlook loads it", "not meant for Outlook alone"),
    # Size and visibility
    "attr_width": ("its width attribute says {n} px", "", "it has no width attribute"),
    "attr_height": ("its height attribute says {n} px", "", "it has no height attribute"),
    "style_width": ("its style makes it {n} px wide", "", "its style sets no width"),
    "style_height": ("its style makes it {n} px high", "", "its style sets no height"),
    "style_max_width": ("its style lets it be {n} px wide at most", "", "its style sets no greatest width"),
    "style_max_height": ("its style lets it be {n} px high at most", "", "its style sets no greatest height"),
    "width": ("declared {n} px wide", "", "no width declared"),
    "height": ("declared {n} px high", "", "no height declared"),
    "sides_given": ("both width and height declared", "no size declared"),
    "short_side": ("its smaller declared side is {n} px", "", "no size declared"),
    "long_side": ("its greater declared side is {n} px", "", "no size declared"),
    "tiny": ("declared as small as a dot", "not declared as small as a dot"),
    "thin": ("declared as thin as a line", "not declared as thin as a line"),
    "hidden": ("hidden by its style", "not hidden by its style"),
    "hidden_around": ("in a hidden part of the mail", "not in a hidden part of the mail"),
    "alt_length": ("its alternative text has {n:character}",
        "its alternative text is empty",
        "it has no alternative text"),
    "title_length": ("its title has {n:character}", "its title is empty", "it has no title"),
    "border_given": ("its border is set", "its border is not set"),
    "name_given": ("it has a name or class in the mail", "it has no name or class in the mail"),
    "attributes": ("its element has {n:attribute}", "its element has no attribute"),
    "style_properties": ("its style sets {n:property/properties}", "it has no style of its own"),
    # Its place
    "depth": ("{n:element} around it", "no element around it"),
    "tables": ("{n:table} around it", "not in a table"),
    "parent_body": ("right in the mail's body", "not right in the mail's body"),
    "parent_cell": ("right in a table cell", "not right in a table cell"),
    "text_beside": ("text stands beside it", "no text beside it"),
    "in_link": ("in a link", "not in a link"),
    "link_same_domain": ("its link goes to its own domain", "no link around it goes to its own domain"),
    "place": ("{n:%} of the way through the mail's links and pictures",
        "first of the mail's links and pictures"),
    "marks_before": ("{n:link or picture/links and pictures} before it", "no link or picture before it"),
    "marks_after": ("{n:link or picture/links and pictures} after it", "no link or picture after it"),
    "references_before": ("{n:picture} before it", "no picture before it"),
    "references_after": ("{n:picture} after it", "no picture after it"),
    "links_after": ("{n:link} after it", "no link after it"),
    # The document's other references
    "references": ("the mail loads {n:picture} in all",),
    "links": ("the mail has {n:link}", "the mail has no link"),
    "tiny_others": ("the mail has {n:other tiny or hidden picture}",
        "no other picture of the mail is tiny or hidden"),
    "repeats": ("the mail loads its URL {n:time}", ""),
    "same_host": ("its server gives {n:other picture} of the mail", "no other picture comes from its server"),
    "same_host_share": ("{n:%} of the other pictures come from its server",
        "no other picture comes from its server"),
    "same_domain_share": ("{n:%} of the other pictures come from its domain",
        "no other picture comes from its domain"),
    "same_directory": ("{n:other picture} in its folder", "no other picture in its folder"),
    "host_shows_pictures": ("its server also gives a picture of ordinary size",
        "its server gives no picture of ordinary size"),
    "links_same_host": ("{n:%} of the links go to its server", "no link goes to its server"),
    "links_same_domain": ("{n:%} of the links go to its domain", "no link goes to its domain"),
    # How its form compares
    "token_in_links": ("it shares a token of {n:character} with a link", "it shares no token with a link"),
    "token_links_share": ("it shares a token with {n:%} of the links", "it shares no token with a link"),
    "shape_in_links": ("a link has a token of the same form, {n:character} long",
        "no link has a token of the same form"),
    "shape_links_share": ("{n:%} of the links have a token of the same form",
        "no link has a token of the same form"),
    "token_in_pictures": ("it shares a token of {n:character} with another picture",
        "it shares no token with another picture"),
    "shape_in_pictures": ("another picture has a token of the same form, {n:character} long",
        "no other picture has a token of the same form"),
    "own_token": ("its {n}-character token is in no other picture", "it has no token of its own"),
    "longest_token_others": ("the longest token of the other pictures has {n:character}",
        "the other pictures have no token"),
    "token_excess": ("its token is {n:character} longer than those of the other pictures",
        "its token is as long as those of the other pictures",
        "its token is {n:character} shorter than those of the other pictures"),
    "plain_others_share": ("{n:%} of the other pictures have no token",
        "no other picture is without a token"),
    "picture_names_others": ("{n:%} of the other pictures are named as picture files",
        "no other picture is named as a picture file"),
    "segment_in_links": ("a link begins as its URL does", "no link begins as its URL does"),
    # Headers and the whole mail
    "sender_same_domain": ("on the sender's own domain", "not on the sender's domain"),
    "sender_in_url": ("the sender's name stands in its URL", "the sender's name is not in its URL"),
    "recipient_in_url": ("a recipient's address stands in its URL", "no recipient's address in its URL"),
    "token_in_headers": ("a token of {n:character} also stands in the mail's headers",
        "no token of it stands in the mail's headers"),
    "unsubscribe_same_domain": ("unsubscribing goes through its domain",
        "unsubscribing does not go through its domain"),
    "identity_same_domain": ("the mail was sent through its domain",
        "the mail was not sent through its domain"),
    "list_unsubscribe": ("the mail's headers offer unsubscribing",
        "the mail's headers offer no unsubscribing"),
    "bulk_headers": ("the mail has {n:header} of mass mailings", "the mail has no header of mass mailings"),
    "service_headers": ("the mail has {n:header} that a mailing service writes",
        "the mail has no header that a mailing service writes"),
    "received": ("the mail came by way of {n:server}", "the mail names no server that it came by"),
    "plain_alternative": ("the mail also has a plain text", "the mail has no plain text"),
    "html_parts": ("the mail has {n:HTML part}", "the mail has no HTML part"),
    # The other copies of the mailing
    "copies_known": ("{n:copy/copies} of the mailing known", "no copy of the mailing known"),
    "recipients_known": ("copies of the mailing to {n:recipient} known", "no recipient of the mailing known"),
    "copies_share": ("in {n:%} of the mailing's copies", "in none of the mailing's copies", "no other copy to look for it"),
    "copies_urls_share": ("other copies of the mailing have other URLs of it, {n:%} of what could differ",
        "one URL in all copies of the mailing",
        "no other copy to compare its URL with"),
    "copies_tokens": ("{n:token} of its URL differ between copies of the mailing",
        "no token of its URL differs between copies of the mailing",
        "no other copy to compare its tokens with"),
    "copies_token_length": ("{n:character} of its URL differ between copies of the mailing",
        "no character of its URL differs between copies of the mailing",
        "no other copy to compare its characters with"),
    "own_of_recipient": ("its token is another for each recipient of the mailing",
        "its token is not each recipient's own",
        "no other copy to tell whose its token is"),
    "own_of_copy": ("its token is another in each copy of the mailing",
        "its token is not each copy's own",
        "no other copy to tell of what its token is"),
    "own_of_mailing": ("it has another token in each mailing of the sender",
        "it has no token that each mailing of the sender changes",
        "no other mailing of the sender has it"),
    "url_messages_known": ("its very URL is in {n:known mail}", "its very URL is in no known mail"),
    "url_recipients_known": ("its very URL went to {n:known recipient}", "its very URL went to no known recipient"),
    "url_mailings_known": ("its very URL is in {n:known mailing}", "its very URL is in no known mailing"),
}  # fmt: skip

AT_ONE = {
    "sides_given": "only one of width and height declared",
    "place": "last of the mail's links and pictures",
    "repeats": "the mail loads its URL once",
}

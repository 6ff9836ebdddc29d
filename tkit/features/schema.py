"""The feature schema: one row per feature, with its name, type, meaning, vantage point and words.

Readers look features up by name, never by position. If the meaning of a feature changes, or a feature is added to or removed
from a vantage point that has bundles, raise :data:`FEATURE_VERSION`, rebuild ``data/dataset`` and retrain the bundles: every
reader refuses another version. A new vantage point after the others does not change what they compute.
"""

from __future__ import annotations

from functools import partial
from typing import Literal, NamedTuple

from tkit.errors import TkitError

FEATURE_VERSION = 4
"""Version of the schema; written into every dataset and bundle."""

KEY = ("message_sha256", "part", "index")
"""The columns that identify a reference in every table."""

Vantage = Literal["url", "element", "message", "campaign"]
VANTAGES: tuple[Vantage, ...] = ("url", "element", "message", "campaign")
"""The vantage points, ordered by how much a blocking point can see; each includes the ones before."""

MAIL_VANTAGES: tuple[Vantage, ...] = VANTAGES[:-1]
"""Vantage points whose features can be computed from one mail (:func:`tkit.features.extract`). ``campaign`` also needs other
copies of the mailing (:mod:`tkit.features.campaign`), so whatever judges mail by mail cannot use it."""


class Words(NamedTuple):
    """The words for a feature's values in the reasons of a verdict: short phrases that a mail user understands.

    In a phrase ``{n}`` is the number, ``{n:digit}`` the number with its noun (``1 digit``, ``2 digits``), ``{n:copy/copies}``
    the same with an irregular plural, and ``{n:%}`` a share in percent. Negative numbers are printed without their sign.

    Attributes
    ----------
    usual : str
        For every value without a phrase of its own.
    zero : str
        For 0; ``""`` if `usual` fits.
    absent : str
        For "not given" and other values below 0; ``""`` if there are none.
    one : str
        For exactly 1; ``""`` if `usual` fits.
    """

    usual: str
    zero: str = ""
    absent: str = ""
    one: str = ""


class Feature(NamedTuple):
    """One named, typed number computed from a reference.

    Attributes
    ----------
    name : str
        Its name: the interface.
    unit : str
        ``px``, ``characters``, ``count``, ``share``, ``bits`` or ``flag`` (0 or 1).
    absent : float or None
        The value that means "not given"; None if the feature always has a value.
    vantage : str
        The lowest vantage point that can compute it.
    meaning : str
        One line.
    source : str
        Where the idea comes from; ``"tkit"`` if it is ours.
    words : Words
        How reasons express its values.
    of_size : bool
        Whether it describes the declared size: reasons express all such features as one (``"declared 1 x 1 px"``).
    dtype : str
        Type of the column; all features are ``float32``, which every export target can represent exactly.
    """

    name: str
    unit: str
    absent: float | None
    vantage: Vantage
    meaning: str
    source: str
    words: Words
    of_size: bool = False
    dtype: str = "float32"


_HAUPT = "family of Haupt et al., EJOR 271(1), 2018"
_PETS = "Englehardt et al., PETS 2018"
_TROCKER = "Trocker's heuristic"
_HU = "Hu et al., IEEE S&P 2019 (declared sizes are forged)"
_COPIES = "Englehardt et al., PETS 2018; PrivacyMail"


def _feature(
    vantage: Vantage,
    name: str,
    unit: str,
    meaning: str,
    words: Words,
    source: str = "tkit",
    absent: float | None = None,
    of_size: bool = False,
) -> Feature:
    return Feature(name, unit, absent, vantage, meaning, source, words, of_size)


_url = partial(_feature, "url")
_element = partial(_feature, "element")
_size = partial(_feature, "element", of_size=True)
_message = partial(_feature, "message")
_campaign = partial(_feature, "campaign")

_URL = (
    # The URL and its parts
    _url("url_length", "characters", "length of the URL",
        Words("the URL is {n:character} long"), _HAUPT),
    _url("host_length", "characters", "length of the host",
        Words("the server name is {n:character} long")),
    _url("path_length", "characters", "length of the path",
        Words("the path is {n:character} long", "the URL has no path"), _HAUPT),
    _url("query_length", "characters", "length of the query, without its question mark",
        Words("the query is {n:character} long", "the URL has no query"), _HAUPT),
    _url("fragment_length", "characters", "length of the fragment",
        Words("{n:character} after the # in the URL", "nothing after a # in the URL")),
    _url("filename_length", "characters", "length of the last path segment",
        Words("the file name is {n:character} long", "the URL has no file name")),
    _url("https", "flag", "the scheme is https",
        Words("loaded over https", "not loaded over https")),
    _url("host_labels", "count", "labels of the host",
        Words("the server name has {n:part}")),
    _url("host_digits", "count", "digits in the host",
        Words("{n:digit} in the server name", "no digits in the server name")),
    _url("host_hyphens", "count", "hyphens in the host",
        Words("{n:hyphen} in the server name", "no hyphens in the server name")),
    _url("host_is_number", "flag", "the host is an IP address",
        Words("the server is a bare IP address", "the server has a name")),
    _url("host_port", "flag", "a port other than the scheme's default is given",
        Words("loaded from an unusual port", "loaded from the usual port")),
    _url("path_segments", "count", "slashes in the path",
        Words("the path has {n:part}", "the URL has no path"), _HAUPT),
    _url("query_parameters", "count", "parameters in the query",
        Words("the URL has {n:parameter}", "the URL has no parameters"), _HAUPT),
    _url("digits", "count", "digits after the host",
        Words("{n:digit} in path and query", "no digits in path and query"), _HAUPT),
    _url("uppercase", "count", "upper-case letters after the host",
        Words("{n:capital letter} in path and query", "no capital letters in path and query")),
    _url("percent_escapes", "count", "percent signs after the host",
        Words("{n:percent sign} in path and query", "no percent signs in path and query")),
    _url("separators", "count", "characters of &=;,|~!*$: after the host",
        Words("{n:separator} such as & or = in the URL", "no separators such as & or = in the URL")),
    _url("carrier_sheet", "flag", "requested as a style sheet or font, which a network filter sees too",
        Words("a style sheet or font", "not a style sheet or font")),
    # Its segments, and where its identifiers are: tokens of six or more characters with a digit
    _url("first_segment", "characters", "length of the first path segment",
        Words("the first part of the path is {n:character} long", "the path has no first part")),
    _url("longest_segment", "characters", "length of the longest path segment",
        Words("the longest part of the path is {n:character} long", "the path has no parts")),
    _url("short_directories", "count", "path segments of one or two characters, not counting the last",
        Words("{n:folder} with a very short name in the path", "no folder with a very short name in the path")),
    _url("number_segments", "count", "path segments of digits only",
        Words("{n:part} of the path with digits only", "no part of the path with digits only")),
    _url("path_dots", "count", "dots in the path",
        Words("{n:dot} in the path", "no dots in the path")),
    _url("identifier_share", "share", "share of the characters after the host that are in identifiers",
        Words("identifiers make up {n:%} of the URL", "no identifier in the URL")),
    _url("identifier_end", "share", "where the longest identifier ends; 1 is the end of the URL",
        Words("the identifier ends at {n:%} of the URL", "the URL starts with an identifier", "no identifier in the URL"),
        absent=-1),
    _url("identifier_in_directory", "characters", "longest identifier in the path before its last segment",
        Words("an identifier of {n:character} in a folder name", "no identifier in a folder name")),
    _url("identifier_in_name", "characters", "longest identifier in the last path segment",
        Words("an identifier of {n:character} in the file name", "no identifier in the file name")),
    _url("identifier_in_query", "characters", "longest identifier in the query",
        Words("an identifier of {n:character} in the query", "no identifier in the query")),
    _url("identifier_in_fragment", "characters", "longest identifier in the fragment",
        Words("an identifier of {n:character} after the #", "no identifier after a #")),
    _url("size_in_url", "flag", "the URL names a picture size: 468x60, w=300, size=48",
        Words("the URL names a picture size", "the URL names no picture size")),
    # Its words and tokens
    _url("words", "count", "runs of letters and digits after the host",
        Words("{n:word} in path and query", "no words in path and query")),
    _url("longest_word", "characters", "longest run of letters only",
        Words("the longest word in the URL has {n:letter}", "no words of letters in the URL")),
    _url("longest_mixed_word", "characters", "longest run with both letters and digits",
        Words("letters and digits mixed in a run of {n:character}", "no mix of letters and digits in the URL")),
    _url("mixed_words", "count", "runs of five or more characters with both letters and digits",
        Words("{n:code} of letters and digits in the URL", "no code of letters and digits in the URL")),
    _url("mixed_length", "characters", "total length of the runs with both letters and digits",
        Words("{n:character} in mixes of letters and digits", "no mix of letters and digits in the URL")),
    _url("decimal_words", "count", "runs of digits only",
        Words("{n:number} in the URL", "no number in the URL")),
    _url("longest_decimal", "characters", "longest run of digits only",
        Words("the longest number in the URL has {n:digit}", "no number in the URL")),
    _url("longest_hex", "characters", "longest run of eight or more hexadecimal digits, at least one of them 0 to 9",
        Words("a hexadecimal code of {n:digit} in the URL", "no hexadecimal code in the URL")),
    _url("longest_case_mixed", "characters", "longest run that mixes upper and lower case as no word does",
        Words("an odd mix of small and capital letters, {n:character} long", "no odd mix of small and capital letters")),
    _url("consonant_run", "characters", "longest run of consonants in a word",
        Words("{n:consonant} in a row in the URL", "no consonants in the URL's words")),
    _url("longest_token", "characters", "longest run of letters, digits, _ and -",
        Words("the longest token in the URL has {n:character}", "no token in the URL")),
    _url("token_digit_share", "share", "share of digits in the longest token",
        Words("digits make up {n:%} of the longest token", "no digits in the longest token")),
    _url("token_upper_share", "share", "share of upper-case letters in the longest token",
        Words("capital letters make up {n:%} of the longest token", "no capital letters in the longest token")),
    _url("token_separators", "count", "_ and - in the longest token",
        Words("{n:hyphen or underscore/hyphens or underscores} in the longest token",
            "no hyphen or underscore in the longest token")),
    _url("token_changes", "share",
        "changes between digits, lower case, upper case and _- in the longest token, per character",
        Words("the longest token changes between kinds of characters at {n:%} of its length",
            "the longest token has one kind of character")),
    _url("token_entropy", "bits", "Shannon entropy of the longest token, in bits per character",
        Words("{n:bit} of entropy per character in the longest token", "no entropy in the longest token"),
        "Ganz, BSc thesis, ETH 2022"),
    _url("long_tokens", "count", "tokens of 16 or more characters with a digit",
        Words("{n:long token} with digits in the URL", "no long token with digits in the URL")),
    _url("base64_text", "characters", "longest token that is base64 of printable text",
        Words("{n:character} of base64-encoded text in the URL", "no base64-encoded text in the URL"), _PETS),
    _url("hex_text", "characters", "longest token that is hexadecimal of printable text",
        Words("{n:character} of hex-encoded text in the URL", "no hex-encoded text in the URL"), _PETS),
    _url("uuid", "count", "tokens in the form of a UUID (RFC 9562)",
        Words("{n:unique identifier} (UUID) in the URL", "no unique identifier (UUID) in the URL")),
    _url("address_in_url", "flag", "the URL contains text in the form of an email address, plain or encoded",
        Words("an email address in the URL", "no email address in the URL"), _PETS),
    # What its names say
    _url("extension_gif", "flag", "the path ends in .gif",
        Words("the file name ends in .gif", "the file name does not end in .gif")),
    _url("extension_photo", "flag", "the path ends in .jpg, .jpeg, .webp or .avif",
        Words("the file name of a photo", "not the file name of a photo")),
    _url("extension_picture", "flag", "the path ends in a picture's file name extension",
        Words("the file name of a picture", "not the file name of a picture")),
    _url("extension_script", "flag", "the path ends in a server script's extension (.php, .aspx, ...)",
        Words("the file name of a server script (.php, .aspx, ...)", "not the file name of a server script")),
    _url("extension_sheet", "flag", "the path ends in a style sheet's or font's extension",
        Words("the file name of a style sheet or font", "not the file name of a style sheet or font")),
    _url("extension_none", "flag", "the last path segment has no extension",
        Words("the file name has no extension", "the file name has an extension")),
    _url("name_open", "count", "words for opening or reading: open, opened, read, seen, view",
        Words("the URL has a word such as open or read", "the URL has no word such as open or read"), _TROCKER),
    _url("name_track", "count", "words for tracking: track, trk, trace, beacon, pixel, ping",
        Words("the URL has a word such as track or pixel", "the URL has no word such as track or pixel"), _TROCKER),
    _url("name_count", "count", "words for counting: log, count, stat, hit, event, collect, metric, impression",
        Words("the URL has a word such as count or log", "the URL has no word such as count or log")),
    _url("name_spacer", "count", "words for spacers: spacer, blank, clear, transparent, shim, dot, empty, 1x1",
        Words("the URL has a word such as spacer or blank", "the URL has no word such as spacer or blank")),
    _url("name_picture", "count", "words for picture stores: images, img, assets, media, static, upload, logo, icon, ...",
        Words("the URL has a word such as images or logo", "the URL has no word such as images or logo")),
    _url("name_recipient", "count", "parameter names for recipients: uid, mid, email, user, rcpt, subscriber, ...",
        Words("the URL has a field for a recipient or identifier", "the URL has no field for a recipient or identifier")),
    _url("name_click", "count", "words for clicking: click, link, redirect, go, unsubscribe",
        Words("the URL has a word such as click or link", "the URL has no word such as click or link")),
    _url("name_beacon", "count", "short names for open beacons: o, op, oo, wf, mo, px, imp",
        Words("the URL has a short word such as op or px", "the URL has no short word such as op or px")),
    _url("name_advert", "count", "words for advertisements, which are visible: ad, banner, sponsor, promo, creative",
        Words("the URL has a word such as ad or banner", "the URL has no word such as ad or banner")),
    _url("name_viewer", "count", "words for programs that deliver pictures: preview, download, resize, avatar, chart, qr",
        Words("the URL has a word such as preview or avatar", "the URL has no word such as preview or avatar")),
    _url("host_name_track", "count", "labels of the host for mail or tracking: click, track, email, open, ...",
        Words("the server name has a word such as mail or track", "the server name has no word such as mail or track")),
    _url("host_name_picture", "count", "labels of the host for stores: img, images, static, cdn, media, assets, ...",
        Words("the server name has a word such as images or cdn", "the server name has no word such as images or cdn")),
    _url("path_open_track", "flag", "/open, =open, /trace or /track in path or query",
        Words("open or track in the path", "neither open nor track in the path"), _TROCKER),
    _url("provider_known", "flag", "the host belongs to a known mailing service",
        Words("on a known mailing service's server", "not on a known mailing service's server")),
    _url("provider_open", "flag", "host and path are those of a known mailing service's open beacon",
        Words("a known mailing service's open tracker", "not a known mailing service's open tracker")),
    _url("store_known", "flag", "the host belongs to a known store of pictures, fonts or files",
        Words("on a known server for pictures or files", "not on a known server for pictures or files")),
)  # fmt: skip

_ELEMENT = (
    # How it is written
    _element("carrier_img", "flag", "written as img src, srcset or the like",
        Words("loaded as a picture", "not loaded as a picture")),
    _element("carrier_background", "flag", "written as a background attribute",
        Words("loaded as a background", "not loaded as a background")),
    _element("carrier_css", "flag", "written as a value in a style attribute or style element",
        Words("loaded by a style", "not loaded by a style")),
    _element("conditional", "flag", "inside an MSO conditional comment",
        Words("only Outlook loads it", "not for Outlook only")),
    # Size and visibility
    _size("attr_width", "px", "width attribute",
        Words("the width attribute is {n} px", absent="no width attribute"), _HAUPT, -1),
    _size("attr_height", "px", "height attribute",
        Words("the height attribute is {n} px", absent="no height attribute"), _HAUPT, -1),
    _size("style_width", "px", "width in its style attribute",
        Words("the style makes it {n} px wide", absent="the style sets no width"), absent=-1),
    _size("style_height", "px", "height in its style attribute",
        Words("the style makes it {n} px high", absent="the style sets no height"), absent=-1),
    _size("style_max_width", "px", "max-width in its style attribute",
        Words("the style makes it at most {n} px wide", absent="the style sets no maximum width"), absent=-1),
    _size("style_max_height", "px", "max-height in its style attribute",
        Words("the style makes it at most {n} px high", absent="the style sets no maximum height"), absent=-1),
    _size("width", "px", "declared width: the smallest of style, max-width and attribute",
        Words("declared {n} px wide", absent="no width declared"), _HU, -1),
    _size("height", "px", "declared height: the smallest of style, max-height and attribute",
        Words("declared {n} px high", absent="no height declared"), _HU, -1),
    _size("sides_given", "count", "how many of width and height are declared",
        Words("both width and height declared", "no size declared", one="only one of width and height declared")),
    _size("short_side", "px", "the smaller declared side",
        Words("the smaller declared side is {n} px", absent="no size declared"), absent=-1),
    _size("long_side", "px", "the larger declared side",
        Words("the larger declared side is {n} px", absent="no size declared"), absent=-1),
    _size("tiny", "flag", "every declared side is at most 3 px, and at least one is declared",
        Words("declared at most 3 px in size", "not declared at most 3 px in size"), _TROCKER),
    _size("thin", "flag", "one side at most 3 px, the other more",
        Words("declared as a line of at most 3 px", "not declared as a line of at most 3 px")),
    _element("hidden", "flag", "its own style or hidden attribute makes it invisible",
        Words("hidden by its style", "not hidden by its style"), _TROCKER),
    _element("hidden_around", "flag", "an element around it is invisible",
        Words("in a hidden part of the mail", "not in a hidden part of the mail")),
    _element("alt_length", "characters", "length of the alt attribute",
        Words("the alternative text has {n:character}", "the alternative text is empty", "no alternative text"), absent=-1),
    _element("title_length", "characters", "length of the title attribute",
        Words("the title has {n:character}", "the title is empty", "no title"), absent=-1),
    _element("border_given", "flag", "it has a border attribute",
        Words("it has a border attribute", "it has no border attribute")),
    _element("name_given", "flag", "it has an id or a class",
        Words("it has an id or class", "it has no id or class")),
    _element("attributes", "count", "number of its attributes",
        Words("its element has {n:attribute}", "its element has no attributes")),
    _element("style_properties", "count", "number of properties in its style attribute",
        Words("its style sets {n:property/properties}", "it has no style of its own")),
    # Its place
    _element("depth", "count", "elements around it",
        Words("{n:element} around it", "no element around it")),
    _element("tables", "count", "tables around it",
        Words("{n:table} around it", "not in a table")),
    _element("parent_body", "flag", "its parent is the body",
        Words("directly in the mail's body", "not directly in the mail's body")),
    _element("parent_cell", "flag", "its parent is a table cell",
        Words("directly in a table cell", "not directly in a table cell")),
    _element("text_beside", "flag", "text is directly before or after it",
        Words("text next to it", "no text next to it")),
    _element("in_link", "flag", "a link is around it",
        Words("in a link", "not in a link")),
    _element("link_same_domain", "flag", "the link around it goes to its own registrable domain",
        Words("its link goes to the same domain", "it has no link to the same domain")),
    _element("place", "share", "position among the document's links and references, 0 first, 1 last",
        Words("{n:%} of the way through the mail's links and pictures", "first of the mail's links and pictures",
            one="last of the mail's links and pictures")),
    _element("marks_before", "count", "links and references before it",
        Words("{n:link or picture/links and pictures} before it", "no link or picture before it")),
    _element("marks_after", "count", "links and references after it",
        Words("{n:link or picture/links and pictures} after it", "no link or picture after it")),
    _element("references_before", "count", "references before it",
        Words("{n:picture} before it", "no picture before it")),
    _element("references_after", "count", "references after it",
        Words("{n:picture} after it", "no picture after it")),
    _element("links_after", "count", "links after it",
        Words("{n:link} after it", "no link after it")),
    # The document's other references
    _element("references", "count", "remote references of the document",
        Words("the mail loads {n:picture} in all")),
    _element("links", "count", "links of the document",
        Words("the mail has {n:link}", "the mail has no links")),
    _element("tiny_others", "count", "other references of the document that are tiny or hidden",
        Words("the mail has {n:other tiny or hidden picture}", "the mail has no other tiny or hidden picture")),
    _element("repeats", "count", "references of the document with the same URL, including itself",
        Words("the mail loads this URL {n:time}", one="the mail loads this URL once"), _TROCKER),
    _element("same_host", "count", "other URLs among the document's references on its host",
        Words("{n:other picture} from the same server", "no other picture from the same server")),
    _element("same_host_share", "share", "share of the references' other URLs that are on its host",
        Words("{n:%} of the other pictures are from the same server", "no other picture from the same server")),
    _element("same_domain_share", "share", "share of the references' other URLs that are on its registrable domain",
        Words("{n:%} of the other pictures are from the same domain", "no other picture from the same domain")),
    _element("same_directory", "count", "other URLs among the references in its directory",
        Words("{n:other picture} in the same folder", "no other picture in the same folder")),
    _element("host_shows_pictures", "flag", "its host also serves a reference of ordinary declared size",
        Words("a picture of ordinary size from the same server", "no picture of ordinary size from the same server"),
        "FairEmail's rule"),
    _element("links_same_host", "share", "share of the links that go to its host",
        Words("{n:%} of the links go to the same server", "no link goes to the same server")),
    _element("links_same_domain", "share", "share of the links that go to its registrable domain",
        Words("{n:%} of the links go to the same domain", "no link goes to the same domain")),
    # How its form compares
    _element("token_in_links", "characters", "longest token with a digit that a link has too",
        Words("a token of {n:character} is also in a link", "no token is also in a link")),
    _element("token_links_share", "share", "share of the links that have such a token in common with it",
        Words("{n:%} of the links have a token in common with it", "no token is also in a link")),
    _element("shape_in_links", "characters", "longest token with a digit whose length and alphabet a link's token has too",
        Words("a link has a token of the same form, {n:character} long", "no link has a token of the same form")),
    _element("shape_links_share", "share", "share of the links that have a token of such a shape",
        Words("{n:%} of the links have a token of the same form", "no link has a token of the same form")),
    _element("token_in_pictures", "characters", "longest token with a digit that another URL of the references has too",
        Words("a token of {n:character} is also in another picture", "no token is also in another picture")),
    _element("shape_in_pictures", "characters", "longest token with a digit whose shape another URL of the references has",
        Words("another picture has a token of the same form, {n:character} long",
            "no other picture has a token of the same form")),
    _element("own_token", "characters", "longest token with a digit that no other URL of the references has",
        Words("a token of {n:character} that no other picture has", "no token of its own")),
    _element("longest_token_others", "characters", "longest token with a digit in the other URLs of the references",
        Words("the longest token of the other pictures has {n:character}", "the other pictures have no token")),
    _element("token_excess", "characters", "how much longer its longest token with a digit is than that of the others",
        Words("its token is {n:character} longer than those of the other pictures",
            "its token is as long as those of the other pictures",
            "its token is {n:character} shorter than those of the other pictures")),
    _element("plain_others_share", "share",
        "share of the references' other URLs that have no token of six or more characters with a digit",
        Words("{n:%} of the other pictures have no token", "no other picture without a token")),
    _element("picture_names_others", "share", "share of the references' other URLs that end like a picture",
        Words("{n:%} of the other pictures have the file name of a picture",
            "no other picture has the file name of a picture")),
    _element("segment_in_links", "flag", "a link has its host and its first path segment",
        Words("a link starts with the same server and folder", "no link starts with the same server and folder")),
)  # fmt: skip

_MESSAGE = (
    # Headers and the whole mail
    _message("sender_same_domain", "flag", "its registrable domain is that of the From address",
        Words("on the sender's domain", "not on the sender's domain"), _HAUPT),
    _message("sender_in_url", "flag", "the URL contains the name of the From domain",
        Words("the sender's name in the URL", "the sender's name is not in the URL")),
    _message("recipient_in_url", "flag", "the URL contains a recipient's address, plain, encoded or as a digest",
        Words("a recipient's address in the URL", "no recipient's address in the URL"), _PETS),
    _message("token_in_headers", "characters", "longest token of six or more characters with a digit that the headers have too",
        Words("a token of {n:character} is also in the mail's headers", "no token is also in the mail's headers")),
    _message("unsubscribe_same_domain", "flag", "its registrable domain is in List-Unsubscribe",
        Words("its domain is that of the unsubscribe header", "its domain is not that of the unsubscribe header")),
    _message("identity_same_domain", "flag", "its registrable domain is that of Message-ID, Return-Path or Sender",
        Words("the mail was sent through its domain", "the mail was not sent through its domain")),
    _message("list_unsubscribe", "flag", "the mail has List-Unsubscribe (RFC 2369)",
        Words("the mail has an unsubscribe header", "the mail has no unsubscribe header")),
    _message("bulk_headers", "count", "headers of mailing services and lists: List-Id, Precedence, Feedback-ID, ...",
        Words("the mail has {n:header} of bulk mail", "the mail has no header of bulk mail")),
    _message("service_headers", "count", "headers that only a mailing service writes: X-SG-EID, X-MC-User, ...",
        Words("the mail has {n:header} of a mailing service", "the mail has no header of a mailing service")),
    _message("received", "count", "Received headers",
        Words("the mail passed through {n:server}", "the mail names no server that it passed through")),
    _message("plain_alternative", "flag", "the mail has a text/plain part",
        Words("the mail has a plain text part", "the mail has no plain text part")),
    _message("html_parts", "count", "HTML parts of the mail",
        Words("the mail has {n:HTML part}", "the mail has no HTML part")),
)  # fmt: skip

_CAMPAIGN = (
    # The other copies of the mailing; counts end at tkit.features.campaign.MOST
    _campaign("copies_known", "count", "known copies of its mailing, including this one; 1 means no other; at most 5",
        Words("{n:known copy/known copies} of the mailing", "no known copy of the mailing"), _COPIES),
    _campaign("recipients_known", "count", "recipients of these copies; at most 5",
        Words("{n:known recipient} of the mailing", "no known recipient of the mailing"), _COPIES),
    _campaign("copies_share", "share", "share of these copies that contain it",
        Words("in {n:%} of the mailing's copies", "in no copy of the mailing", "no other copy to compare with"), _COPIES, -1),
    _campaign("copies_urls_share", "share", "how much its URL differs: 0 one URL in all copies, 1 a URL of its own in each",
        Words("{n:%} of the other copies have a URL of their own", "the same URL in all copies of the mailing",
            "no other copy to compare with"), _COPIES, -1),
    _campaign("copies_tokens", "count", "tokens of its URL that differ between the copies",
        Words("{n:token} of the URL not the same in all copies", "every token of the URL the same in all copies",
            "no other copy to compare with"), _COPIES, -1),
    _campaign("copies_token_length", "characters", "longest of the tokens that differ",
        Words("a token of {n:character} not the same in all copies", "every token of the URL the same in all copies",
            "no other copy to compare with"), _COPIES, -1),
    _campaign("own_of_recipient", "flag", "a token of one shape is different for each recipient",
        Words("a different token for each recipient", "not a different token for each recipient",
            "no other copy to compare with"), _COPIES, -1),
    _campaign("own_of_copy", "flag", "such a token differs even between copies to one recipient",
        Words("a different token in each copy", "not a different token in each copy",
            "no other copy to compare with"), _COPIES, -1),
    _campaign("own_of_mailing", "flag", "one URL in all copies, and a different token in each mailing of the sender",
        Words("a different token in each mailing of the sender", "not a different token in each mailing of the sender",
            "in no other mailing of the sender"), _COPIES, -1),
    _campaign("url_messages_known", "count", "known messages with exactly its URL, including this one; at most 5",
        Words("exactly this URL in {n:known mail}", "exactly this URL in no known mail")),
    _campaign("url_recipients_known", "count", "recipients of these messages; at most 5",
        Words("exactly this URL sent to {n:known recipient}", "exactly this URL sent to no known recipient")),
    _campaign("url_mailings_known", "count", "mailings of these messages; at most 5",
        Words("exactly this URL in {n:known mailing}", "exactly this URL in no known mailing")),
)  # fmt: skip

FEATURES: tuple[Feature, ...] = (*_URL, *_ELEMENT, *_MESSAGE, *_CAMPAIGN)
"""All features, in the order of their columns."""


def feature_names(vantage: str) -> list[str]:
    """Return the names of the features that a vantage point can compute, in the schema's order.

    >>> counts = [len(feature_names(vantage)) for vantage in VANTAGES]
    >>> counts == sorted(counts)
    True
    """
    if vantage not in VANTAGES:
        raise TkitError(f"no vantage point {vantage!r}: take one of {', '.join(VANTAGES)}")
    visible = VANTAGES[: VANTAGES.index(vantage) + 1]
    return [feature.name for feature in FEATURES if feature.vantage in visible]


def require_one_mail(vantage: str, reader: str) -> None:
    """Refuse a vantage point whose features need more than one mail.

    Parameters
    ----------
    vantage : str
        Of the detector.
    reader : str
        What would judge mail by mail, for the message.

    Raises
    ------
    TkitError
        For ``campaign``.
    """
    if vantage not in MAIL_VANTAGES:
        raise TkitError(
            f"{reader} judges mail by mail, but the vantage point {vantage} needs other copies of a mailing:"
            f" take {', '.join(MAIL_VANTAGES[:-1])} or {MAIL_VANTAGES[-1]}, or judge many mails at once as"
            " described in tkit.features.campaign"
        )

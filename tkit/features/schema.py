"""The feature schema: names, types, meanings, and the vantage point of each feature.

Names are the interface, never positions. When the meaning of any feature changes, or one is added to or removed from a
vantage point that there are bundles of, raise :data:`FEATURE_VERSION`, rebuild ``data/dataset`` and retrain the bundles;
every reader refuses another version. A vantage point added behind the others leaves what they compute as it is.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from tkit.errors import TkitError

FEATURE_VERSION = 2
"""Version of the schema; written into every dataset and bundle."""

KEY = ("message_sha256", "part", "index")
"""The columns that name a reference in every table."""

Vantage = Literal["url", "element", "message", "campaign"]
VANTAGES: tuple[Vantage, ...] = ("url", "element", "message", "campaign")
"""From the least to the most that a blocking point can see; each includes the ones before."""

MAIL_VANTAGES: tuple[Vantage, ...] = VANTAGES[:-1]
"""Those whose features one mail gives (:func:`tkit.features.extract`). ``campaign`` needs the other copies of the mailing too
(:mod:`tkit.features.campaign`): what judges mail by mail cannot have it."""


class Feature(NamedTuple):
    """One named, typed number computed from a reference.

    Attributes
    ----------
    name : str
        Its name: the interface.
    unit : str
        ``px``, ``characters``, ``count``, ``share``, ``bits`` or ``flag`` (0 or 1).
    absent : float or None
        The value that stands for "not given"; None where the feature always has a value.
    vantage : str
        The lowest vantage point that can compute it.
    meaning : str
        One line.
    source : str
        Where the idea comes from; ``"tkit"`` where it is ours.
    dtype : str
        Type of the column; all features are ``float32``, which every export target can hold exactly.
    """

    name: str
    unit: str
    absent: float | None
    vantage: Vantage
    meaning: str
    source: str
    dtype: str = "float32"


_HAUPT = "family of Haupt et al., EJOR 271(1), 2018"
_PETS = "Englehardt et al., PETS 2018"
_TROCKER = "Trocker's heuristic"
_HU = "Hu et al., IEEE S&P 2019 (declared sizes are forged)"
_COPIES = "Englehardt et al., PETS 2018; PrivacyMail"


def _url(name: str, unit: str, meaning: str, source: str = "tkit", absent: float | None = None) -> Feature:
    return Feature(name, unit, absent, "url", meaning, source)


def _element(name: str, unit: str, meaning: str, source: str = "tkit", absent: float | None = None) -> Feature:
    return Feature(name, unit, absent, "element", meaning, source)


def _message(name: str, unit: str, meaning: str, source: str = "tkit", absent: float | None = None) -> Feature:
    return Feature(name, unit, absent, "message", meaning, source)


def _campaign(name: str, unit: str, meaning: str, source: str = _COPIES, absent: float | None = None) -> Feature:
    return Feature(name, unit, absent, "campaign", meaning, source)


FEATURES: tuple[Feature, ...] = (
    # The URL and its parts
    _url("url_length", "characters", "length of the URL", _HAUPT),
    _url("host_length", "characters", "length of the host"),
    _url("path_length", "characters", "length of the path", _HAUPT),
    _url("query_length", "characters", "length of the query, without its question mark", _HAUPT),
    _url("fragment_length", "characters", "length of the fragment"),
    _url("filename_length", "characters", "length of the last path segment"),
    _url("https", "flag", "the scheme is https"),
    _url("host_labels", "count", "labels of the host"),
    _url("host_digits", "count", "digits in the host"),
    _url("host_hyphens", "count", "hyphens in the host"),
    _url("host_is_number", "flag", "the host is an IP address"),
    _url("host_port", "flag", "a port other than the scheme's own is given"),
    _url("path_segments", "count", "slashes in the path", _HAUPT),
    _url("query_parameters", "count", "parameters in the query", _HAUPT),
    _url("digits", "count", "digits behind the host", _HAUPT),
    _url("uppercase", "count", "upper-case letters behind the host"),
    _url("percent_escapes", "count", "percent signs behind the host"),
    _url("separators", "count", "characters of &=;,|~!*$: behind the host"),
    _url("wrapped", "flag", "the URL was wrapped by a proxy or gateway; all other features are of the original"),
    _url("carrier_sheet", "flag", "asked for as a style sheet or font, which a network filter sees too"),
    # Its segments, and where its identifiers stand: tokens of six or more with a digit
    _url("first_segment", "characters", "length of the first path segment"),
    _url("longest_segment", "characters", "length of the longest path segment"),
    _url("short_directories", "count", "path segments of one or two characters, the last one left out"),
    _url("number_segments", "count", "path segments of digits only"),
    _url("path_dots", "count", "dots in the path"),
    _url("identifier_share", "share", "of the characters behind the host, those in identifiers"),
    _url("identifier_end", "share", "where the longest identifier ends, 1 at the end of the URL", absent=-1),
    _url("identifier_in_directory", "characters", "longest identifier in the path before its last segment"),
    _url("identifier_in_name", "characters", "longest identifier in the last path segment"),
    _url("identifier_in_query", "characters", "longest identifier in the query"),
    _url("identifier_in_fragment", "characters", "longest identifier in the fragment"),
    _url("size_in_url", "flag", "it names a picture's size: 468x60, w=300, size=48"),
    # Its words and tokens
    _url("words", "count", "runs of letters and digits behind the host"),
    _url("longest_word", "characters", "longest run of letters only"),
    _url("longest_mixed_word", "characters", "longest run with both letters and digits"),
    _url("mixed_words", "count", "runs of five or more with both letters and digits"),
    _url("mixed_length", "characters", "total length of the runs with both letters and digits"),
    _url("decimal_words", "count", "runs of digits only"),
    _url("longest_decimal", "characters", "longest run of digits only"),
    _url("longest_hex", "characters", "longest run of eight or more hexadecimal digits, one a decimal digit at least"),
    _url("longest_case_mixed", "characters", "longest run of upper and lower case mixed as no word is"),
    _url("consonant_run", "characters", "longest run of consonants in a word"),
    _url("longest_token", "characters", "longest run of letters, digits, _ and -"),
    _url("token_digit_share", "share", "digits in the longest token"),
    _url("token_upper_share", "share", "upper-case letters in the longest token"),
    _url("token_separators", "count", "_ and - in the longest token"),
    _url("token_changes", "share", "changes between digits, lower case, upper case and _- in the longest token, a character"),
    _url("token_entropy", "bits", "Shannon entropy of the longest token, bits a character", "Ganz, BSc thesis, ETH 2022"),
    _url("long_tokens", "count", "tokens of sixteen or more with a digit"),
    _url("base64_text", "characters", "longest token that is base64 of printable text", _PETS),
    _url("hex_text", "characters", "longest token that is hexadecimal of printable text", _PETS),
    _url("uuid", "count", "tokens of the form of a UUID (RFC 9562)"),
    _url("address_in_url", "flag", "something of the form of a mail address stands in the URL, plain or encoded", _PETS),
    # What its names say
    _url("extension_gif", "flag", "the path ends in .gif"),
    _url("extension_photo", "flag", "the path ends in .jpg, .jpeg, .webp or .avif"),
    _url("extension_picture", "flag", "the path ends in a picture's file name extension"),
    _url("extension_script", "flag", "the path ends in a server script's extension (.php, .aspx, ...)"),
    _url("extension_sheet", "flag", "the path ends in a style sheet's or font's extension"),
    _url("extension_none", "flag", "the last path segment has no extension"),
    _url("name_open", "count", "words of opening or reading: open, opened, read, seen, view", _TROCKER),
    _url("name_track", "count", "words of tracking: track, trk, trace, beacon, pixel, ping", _TROCKER),
    _url("name_count", "count", "words of counting: log, count, stat, hit, event, collect, metric, impression"),
    _url("name_spacer", "count", "words of spacers: spacer, blank, clear, transparent, shim, dot, empty, 1x1"),
    _url("name_picture", "count", "words of picture stores: images, img, assets, media, static, upload, logo, icon, ..."),
    _url("name_recipient", "count", "parameter names of recipients: uid, mid, email, user, rcpt, subscriber, ..."),
    _url("name_click", "count", "words of clicking: click, link, redirect, go, unsubscribe"),
    _url("name_beacon", "count", "short names of open beacons: o, op, oo, wf, mo, px, imp"),
    _url("name_advert", "count", "words of advertisements, which are seen: ad, banner, sponsor, promo, creative"),
    _url("name_viewer", "count", "words of programs that deliver pictures: preview, download, resize, avatar, chart, qr"),
    _url("host_name_track", "count", "labels of the host that speak of mail or tracking: click, track, email, open, ..."),
    _url("host_name_picture", "count", "labels of the host that speak of stores: img, images, static, cdn, media, assets, ..."),
    _url("path_open_track", "flag", "/open, =open, /trace or /track in path or query", _TROCKER),
    _url("provider_known", "flag", "the host belongs to a known mailing service"),
    _url("provider_open", "flag", "host and path are a known mailing service's open beacon"),
    _url("store_known", "flag", "the host belongs to a known store of pictures, fonts or files"),
    # How it is written
    _element("carrier_img", "flag", "written as img src, srcset or the like"),
    _element("carrier_background", "flag", "written as a background attribute"),
    _element("carrier_css", "flag", "written as a value in a style attribute or style element"),
    _element("conditional", "flag", "inside an MSO conditional comment"),
    # Size and visibility
    _element("attr_width", "px", "width attribute", _HAUPT, -1),
    _element("attr_height", "px", "height attribute", _HAUPT, -1),
    _element("style_width", "px", "width of its style attribute", absent=-1),
    _element("style_height", "px", "height of its style attribute", absent=-1),
    _element("style_max_width", "px", "max-width of its style attribute", absent=-1),
    _element("style_max_height", "px", "max-height of its style attribute", absent=-1),
    _element("width", "px", "declared width: the least of style, max-width and attribute", _HU, -1),
    _element("height", "px", "declared height: the least of style, max-height and attribute", _HU, -1),
    _element("sides_given", "count", "how many of width and height are declared"),
    _element("short_side", "px", "the smaller declared side", absent=-1),
    _element("long_side", "px", "the greater declared side", absent=-1),
    _element("tiny", "flag", "every declared side is at most 3 px, and one is declared", _TROCKER),
    _element("thin", "flag", "one side at most 3 px, the other more"),
    _element("hidden", "flag", "its own style or hidden attribute makes it invisible", _TROCKER),
    _element("hidden_around", "flag", "an element around it is made invisible"),
    _element("alt_length", "characters", "length of the alt attribute", absent=-1),
    _element("title_length", "characters", "length of the title attribute", absent=-1),
    _element("border_given", "flag", "it has a border attribute"),
    _element("name_given", "flag", "it has an id or a class"),
    _element("attributes", "count", "number of its attributes"),
    _element("style_properties", "count", "number of properties in its style attribute"),
    # Its place
    _element("depth", "count", "elements around it"),
    _element("tables", "count", "tables around it"),
    _element("parent_body", "flag", "it stands right in the body"),
    _element("parent_cell", "flag", "it stands right in a table cell"),
    _element("text_beside", "flag", "text stands right before or after it"),
    _element("in_link", "flag", "a link is around it"),
    _element("link_same_domain", "flag", "the link around it goes to its own registrable domain"),
    _element("place", "share", "place among the document's links and references, 0 first, 1 last"),
    _element("marks_before", "count", "links and references before it"),
    _element("marks_after", "count", "links and references after it"),
    _element("references_before", "count", "references before it"),
    _element("references_after", "count", "references after it"),
    _element("links_after", "count", "links after it"),
    # The document's other references
    _element("references", "count", "remote references of the document"),
    _element("links", "count", "links of the document"),
    _element("tiny_others", "count", "other references of the document that are tiny or hidden"),
    _element("repeats", "count", "references of the document with the same URL, itself included", _TROCKER),
    _element("same_host", "count", "other URLs among the document's references on its host"),
    _element("same_host_share", "share", "of the other URLs of the references, those on its host"),
    _element("same_domain_share", "share", "of the other URLs of the references, those on its registrable domain"),
    _element("same_directory", "count", "other URLs among the references in its directory"),
    _element("host_shows_pictures", "flag", "its host also serves a reference of ordinary declared size", "FairEmail's rule"),
    _element("links_same_host", "share", "of the links, those to its host"),
    _element("links_same_domain", "share", "of the links, those to its registrable domain"),
    # How its form compares
    _element("token_in_links", "characters", "longest token with a digit that it has in common with a link"),
    _element("token_links_share", "share", "of the links, those that share such a token"),
    _element("shape_in_links", "characters", "longest token with a digit whose length and alphabet a link's token has too"),
    _element("shape_links_share", "share", "of the links, those that share such a shape"),
    _element("token_in_pictures", "characters", "longest token with a digit in common with another URL of the references"),
    _element("shape_in_pictures", "characters", "longest token with a digit whose shape another URL of the references has"),
    _element("own_token", "characters", "longest token with a digit that no other URL of the references has"),
    _element("longest_token_others", "characters", "longest token with a digit in the other URLs of the references"),
    _element("token_excess", "characters", "how much longer its longest token with a digit is than that of the others"),
    _element("plain_others_share", "share", "of the other URLs of the references, those without a token of six with a digit"),
    _element("picture_names_others", "share", "of the other URLs of the references, those that end as a picture"),
    _element("segment_in_links", "flag", "a link has its host and its first path segment"),
    # Headers and the whole mail
    _message("sender_same_domain", "flag", "its registrable domain is the From domain's", _HAUPT),
    _message("sender_in_url", "flag", "the From domain's name stands in the URL"),
    _message("recipient_in_url", "flag", "a recipient's address stands in the URL, plain, encoded or as a digest", _PETS),
    _message("token_in_headers", "characters", "longest token of six with a digit that also stands in the headers"),
    _message("unsubscribe_same_domain", "flag", "its registrable domain stands in List-Unsubscribe"),
    _message("identity_same_domain", "flag", "its registrable domain is that of Message-ID, Return-Path or Sender"),
    _message("list_unsubscribe", "flag", "the mail has List-Unsubscribe (RFC 2369)"),
    _message("bulk_headers", "count", "headers of mailing services and lists: List-Id, Precedence, Feedback-ID, ..."),
    _message("service_headers", "count", "headers that only a mailing service writes: X-SG-EID, X-MC-User, ..."),
    _message("received", "count", "Received headers"),
    _message("plain_alternative", "flag", "the mail has a text/plain part"),
    _message("html_parts", "count", "HTML parts of the mail"),
    # The other copies of the mailing; counts end at tkit.features.campaign.MOST
    _campaign("copies_known", "count", "copies of its mailing that are known, this one included; 1: no other; at most 5"),
    _campaign("recipients_known", "count", "recipients that these went to; at most 5"),
    _campaign("copies_share", "share", "of these copies, those in which it stands", absent=-1),
    _campaign("copies_urls_share", "share", "how far its URL differs: 0 one in all copies, 1 each its own", absent=-1),
    _campaign("copies_tokens", "count", "tokens of its URL that differ between the copies", absent=-1),
    _campaign("copies_token_length", "characters", "longest of the tokens that differ", absent=-1),
    _campaign("own_of_recipient", "flag", "a token of one shape is another for each recipient", absent=-1),
    _campaign("own_of_copy", "flag", "such a token differs even between copies to one recipient", absent=-1),
    _campaign("own_of_mailing", "flag", "one URL in all copies, a token of its own in each mailing of the sender", absent=-1),
    _campaign("url_messages_known", "count", "known messages with its very URL, this one included; at most 5", "tkit"),
    _campaign("url_recipients_known", "count", "recipients of these; at most 5", "tkit"),
    _campaign("url_mailings_known", "count", "mailings of these; at most 5", "tkit"),
)  # fmt: skip


def feature_names(vantage: str) -> list[str]:
    """Return the names of the features that a vantage point can compute, in the schema's order.

    >>> counts = [len(feature_names(vantage)) for vantage in VANTAGES]
    >>> counts == sorted(counts)
    True
    """
    if vantage not in VANTAGES:
        raise TkitError(f"no vantage point {vantage!r}: take one of {', '.join(VANTAGES)}")
    seen = VANTAGES[: VANTAGES.index(vantage) + 1]
    return [feature.name for feature in FEATURES if feature.vantage in seen]


def require_one_mail(vantage: str, reader: str) -> None:
    """Refuse a vantage point whose features no single mail gives.

    Parameters
    ----------
    vantage : str
        Of the detector.
    reader : str
        Who would judge mail by mail, for the message.

    Raises
    ------
    TkitError
        For ``campaign``.
    """
    if vantage not in MAIL_VANTAGES:
        raise TkitError(
            f"{reader} judges mail by mail, which shows no other copies of a mailing as the vantage point {vantage} needs:"
            f" take {', '.join(MAIL_VANTAGES[:-1])} or {MAIL_VANTAGES[-1]}, or judge many mails at once as"
            " tkit.features.campaign says"
        )

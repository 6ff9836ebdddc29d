"""What the versions of one reference in the copies of a mailing say of it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from tkit.campaigns.copies import Copy
from tkit.campaigns.variation import Difference, difference, of_one_shape

EVIDENCE = ("none", "alone", "identical", "mailing", "variant", "mixed", "copy", "recipient")
"""What the comparison says of a reference.

``none``: no other copy is known. ``alone``: no other copy has it. ``identical``: one URL in all copies that have it.
``mailing``: one URL in all copies, or a single copy, but a token of the same shape in each other mailing of the sender.
``variant``: a few URLs, each in several recipients' copies, or different words or servers: creatives of an A/B test,
rotating servers. ``mixed``: none of the others. ``copy``: a token of one shape that differs even between copies to one
recipient. ``recipient``: a token of one shape that differs between recipients, and that no two have in common.
"""

_NEARLY_ALL = 0.9  # of the versions must be one recipient's own; the others are of forwards that nothing shows
_MANY = 3  # copies that show a short token to be individual; in two, a few digits are as likely two pictures
_LONG = 6


class Spread:
    """In how many messages, recipients' copies and mailings each URL stands."""

    def __init__(self, copies: Iterable[tuple[Copy, int]]) -> None:
        self._messages: Counter[str] = Counter()
        self._recipients: dict[str, set[str]] = defaultdict(set)
        self._mailings: dict[str, set[int]] = defaultdict(set)
        for copy, campaign in copies:
            for url in copy.mail.urls:
                self._messages[url] += 1
                self._recipients[url].add(copy.mail.recipient)
                self._mailings[url].add(campaign)

    def of(self, url: str) -> tuple[int, int, int]:
        """Return the number of messages, of recipients and of mailings."""
        return self._messages[url], len(self._recipients[url]), len(self._mailings[url])


def each_its_own(urls: Sequence[str]) -> bool:
    """Return whether each of the versions of a URL has a token of its own, all of one shape."""
    distinct = sorted(set(urls))
    if not 1 < len(distinct) == len(urls):
        return False
    return any(of_one_shape(tokens) for tokens in difference(distinct).tokens if len(set(tokens)) == len(tokens))


def judge(
    owners: Mapping[str, Sequence[str]], copies: int, one_picture: bool, own_token: bool, spread: Spread
) -> tuple[str, Difference]:
    """Return the evidence for one reference of a mailing, and how its versions differ.

    Parameters
    ----------
    owners : mapping of str to sequence of str
        Each URL that it has, and the recipients of the copies that hold it, a recipient as often as it got a copy.
    copies : int
        Copies of the mailing, those without the reference included.
    one_picture : bool
        Declared size and file type are the same in all copies; else these are several pictures, not one with a token.
    own_token : bool
        Its counterparts in the sender's other mailings have a token of their own each.
    spread : Spread

    Returns
    -------
    tuple of str and Difference
        One of :data:`EVIDENCE`, and the difference of the URLs in their sorted order.
    """
    urls = sorted(owners)
    if len(urls) > 1:
        differ = difference(urls)
        return _judge_versions(urls, owners, one_picture, differ, spread), differ
    present = sum(map(len, owners.values()))
    if own_token and present == copies:
        evidence = "mailing"
    elif present > 1:
        evidence = "identical"
    else:
        evidence = "alone" if copies > 1 else "none"
    return evidence, Difference((), False)


def _judge_versions(
    urls: Sequence[str], owners: Mapping[str, Sequence[str]], one_picture: bool, differ: Difference, spread: Spread
) -> str:
    coded = [tokens for tokens in differ.tokens if of_one_shape(sorted(set(tokens)))]
    if not (coded and one_picture):
        return "variant"
    if sum(map(len, owners.values())) < _MANY and max(len(token) for tokens in coded for token in tokens) < _LONG:
        return "mixed"
    of_url = [set(owners[url]) for url in urls]
    values_of = Counter(recipient for of in of_url for recipient in of)
    private = sum(len(of) == 1 and spread.of(url)[1] == 1 for url, of in zip(urls, of_url, strict=True))
    own = private >= _NEARLY_ALL * len(urls)
    one_each = len(values_of) > 1 and "" not in values_of and max(values_of.values()) == 1
    if (own and one_each) or any(_names_recipients(tokens, of_url) for tokens in coded):
        return "recipient"
    if not own:
        return "variant" if len(urls) <= max(2, len(values_of) / 2) else "mixed"
    once = sum(spread.of(url)[0] == 1 for url in urls)  # else some of one recipient's copies have one picture in common
    return "copy" if once >= _NEARLY_ALL * len(urls) else "variant"


def _names_recipients(tokens: Sequence[str], of_url: Sequence[set[str]]) -> bool:
    """Return whether a token is one recipient's in all of its copies, and no two recipients have it in common."""
    of_token: dict[str, set[str]] = defaultdict(set)
    of_recipient: dict[str, set[str]] = defaultdict(set)
    for token, recipients in zip(tokens, of_url, strict=True):
        of_token[token] |= recipients
        for recipient in recipients:
            of_recipient[recipient].add(token)
    return (
        len(of_recipient) > 1
        and "" not in of_recipient
        and all(len(of) == 1 for of in of_token.values())
        and all(len(of) == 1 for of in of_recipient.values())
    )

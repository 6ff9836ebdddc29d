"""The evidence that the versions of a reference in the copies of a mailing give."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from tkit.campaigns.copies import Copy
from tkit.campaigns.variation import Difference, difference, of_one_shape

EVIDENCE = ("none", "alone", "identical", "mailing", "variant", "mixed", "copy", "recipient")
"""The evidence for a reference.

``none``: no other copy is known. ``alone``: no other copy has it. ``identical``: the same URL in all copies that have it.
``mailing``: the same URL in all copies, or a single copy, but a different token of the same shape in each mailing of the
sender. ``variant``: a few URLs, each in the copies of several recipients, or different words or servers: creatives of an A/B
test, rotating servers. ``mixed``: none of the others. ``copy``: a token of one shape that differs even between copies to one
recipient. ``recipient``: a token of one shape that differs between recipients, with no token in common to any two.
"""

_NEARLY_ALL = 0.9  # of the versions must belong to one recipient; the others may be forwards that cannot be recognised
_MANY = 3  # copies needed to show that a short token is individual; in two copies, a few digits may as well be two pictures
_LONG = 6  # characters of a token that is individual even in two copies


class Spread:
    """The number of messages, recipients and mailings that each URL is in."""

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
        """Return the number of messages, of recipients and of mailings that a URL is in."""
        return self._messages[url], len(self._recipients[url]), len(self._mailings[url])


def each_its_own(urls: Sequence[str]) -> bool:
    """Return whether each version of a URL has a different token, all of one shape."""
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
        For each URL, the recipients of the copies with it; a recipient of several copies is repeated.
    copies : int
        Copies of the mailing, including those without the reference.
    one_picture : bool
        Whether declared size and file type are the same in all copies; if not, these are several pictures without a token.
    own_token : bool
        Whether its counterparts in the sender's other mailings each have a different token.
    spread : Spread

    Returns
    -------
    tuple of str and Difference
        One of :data:`EVIDENCE`, and the difference of the sorted URLs.
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
    recipients_of = [set(owners[url]) for url in urls]
    urls_of = Counter(recipient for recipients in recipients_of for recipient in recipients)
    private = [len(recipients) == 1 and spread.of(url)[1] == 1 for url, recipients in zip(urls, recipients_of, strict=True)]
    individual = sum(private) >= _NEARLY_ALL * len(urls)
    one_each = len(urls_of) > 1 and "" not in urls_of and max(urls_of.values()) == 1
    if (individual and one_each) or any(_identifies_recipients(tokens, recipients_of) for tokens in coded):
        return "recipient"
    if not individual:
        return "variant" if len(urls) <= max(2, len(urls_of) / 2) else "mixed"
    # A picture that several copies to one recipient share is not individual to the copy.
    in_one_message = sum(spread.of(url)[0] == 1 for url in urls)
    return "copy" if in_one_message >= _NEARLY_ALL * len(urls) else "variant"


def _identifies_recipients(tokens: Sequence[str], recipients_of: Sequence[set[str]]) -> bool:
    """Return whether each recipient has one token in all of its copies, and no two recipients the same one."""
    recipients_with: dict[str, set[str]] = defaultdict(set)
    tokens_of: dict[str, set[str]] = defaultdict(set)
    for token, recipients in zip(tokens, recipients_of, strict=True):
        recipients_with[token] |= recipients
        for recipient in recipients:
            tokens_of[recipient].add(token)
    return (
        len(tokens_of) > 1
        and "" not in tokens_of
        and all(len(recipients) == 1 for recipients in recipients_with.values())
        and all(len(own) == 1 for own in tokens_of.values())
    )

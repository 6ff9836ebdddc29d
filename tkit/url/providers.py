"""The mailing services and stores of pictures that features and dataset know; :mod:`tkit.url.services` names them for people.

The endpoints are those in the services' documentation and in mails that they sent. The published tables and bundles were
computed with them, so a change here needs a new feature version.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from tkit.url.parsing import host_of
from tkit.url.wrapping import unwrap

SERVICES: tuple[tuple[str, str, str], ...] = (
    ("ActiveCampaign", r"(?:activehosted|acemlnc?|emlnk\d*|acems\d*|activecampaign)\.com", r"/(?:lt|open)\.php|/lt/|l=open"),
    ("Acoustic", r"(?:mkt\d+|silverpop|pages\d+)\.(?:com|net)", r"/open/"),
    ("Adobe Campaign", r"(?:neolane\.net|campaign\.adobe\.com)", r"/r/\?id="),
    ("Amazon SES", r"awstrack\.me", r"/I0/"),
    ("AWeber", r"aweber\.com", r"^/(?:o|open)|openrate"),
    ("Beehiiv", r"beehiiv\.com", r"/ss/o/|open"),
    ("Braze", r"(?:braze|appboy)\.com", r"/ls/open|open"),
    ("Brevo", r"(?:sendinblue|sendibt\d*|sendibm\d*|brevo|sibmail\d*)\.(?:com|net)", r"/(?:tr/)?op/|/mk/op|/im/"),
    ("Campaign Monitor", r"(?:cmail\d+|createsend\d*|cmmail\d*|campaignmonitor)\.com",
     r"/t/.*(?:/o\.gif|-o/)|/[ti]-[a-z]-|/o\.gif"),
    ("Constant Contact", r"(?:constantcontact|rs6|ctctcdn)\.(?:com|net)", r"/on\.jsp|/sa/o"),
    ("Cordial", r"cordial\.(?:com|io)|crdl\.io", r"/o/p/"),
    ("Customer.io", r"customer\.?iomail\.com|customer\.io", r"/e/o/"),
    ("dotdigital", r"(?:dmtrk|trackedlink|dotdigital[\w-]*|dotmailer[\w-]*)\.(?:com|net)", r"/o\.gif|/dmpt|open"),
    ("Drip", r"(?:drip|getdrip|dripemail\d*)\.com", r"/open"),
    ("Eloqua", r"(?:eloqua|en25)\.com", r"/e/(?:FooterImages|f)"),
    ("Emarsys", r"(?:emarsys|emsecure|scsend)\.(?:net|com)", r"/mo/"),
    ("Gmass", r"gmass\.co|gmtrack\.net|\.gmreg\d*\.net", r"/open"),
    ("Google Analytics", r"google-analytics\.com", r"/(?:__utm\.gif|collect|g/collect|j/collect)"),
    ("GetResponse", r"(?:getresponse|gr-?mail|grmail)\.(?:com|pl)", r"/open"),
    ("HubSpot", r"(?:hubspot(?:email|links\w*|starter\w*|free)?|hs-sites|hubspotemail)\.(?:com|net)",
     r"/(?:e\d*t/o|cto/|Cto/)|__ptq\.gif"),
    ("Iterable", r"iterable\.com", r"/(?:q|email/open|a/.*open)"),
    ("Keap", r"(?:infusionsoft|infusion-links|keap-link\d*)\.(?:com|app)", r"/app/emailOpened|/v2/render|/open"),
    ("Kit", r"(?:convertkit(?:-mail\d*)?|kit-mail\d*)\.com", r"/(?:o|open)/"),
    ("Klaviyo", r"(?:klaviyomail|klclick\d*|klaviyo)\.com", r"/(?:o|open|l/open)/?"),
    ("LinkedIn", r"linkedin\.com", r"/emimp/"),
    ("Listrak", r"(?:listrakbi|listrak)\.com", r"/q/|open"),
    ("Litmus", r"(?:emltrk|emltrk\d*)\.com", r"/v2/|/\w+\?|$"),
    ("MailerLite", r"(?:mailerlite|mlsend\d*|mlsnd)\.com", r"/(?:link/o|o)/|/open"),
    ("Mailchimp", r"(?:list-manage\d*|mailchimp|mcusercontent|mcsv)\.(?:com|net)", r"/track/open\.php"),
    ("Mandrill", r"mandrillapp\.com", r"/track/open"),
    ("Mailgun", r"mailgun\.(?:org|net|info)", r"/o/"),
    ("Mailjet", r"(?:mjt\.lu|mailjet\.com|mailin\.fr)", r"/oo/|/open"),
    ("Mailtrack", r"(?:mailtrack\.io|mltrk\.io|mailsuite\.com)", r"/trace/mail|/pixel/|/open"),
    ("Marketo", r"(?:mktoweb|marketo|mktdns)\.(?:com|net)", r"/trk\b|/rts/"),
    ("Mixmax", r"mixmax\.com", r"/api/track|/e/o"),
    ("Mixpanel", r"mixpanel\.com", r"/track"),
    ("Outreach", r"outrch\.com|outreach\.io", r"/(?:api/mailings/)?open"),
    ("Pardot", r"pardot\.com", r"/r/|/l/"),
    ("Postmark", r"(?:pstmrk\.it|postmarkapp\.com)", r"/open|/o/"),
    ("Streak", r"(?:mailfoogae|streak)\.(?:appspot\.)?com", r"/t\b|/t\?"),
    ("Responsys", r"(?:responsys|rsys\d*)\.(?:net|com)", r"/pub/(?:as|rf)|/servlet/"),
    ("Sailthru", r"sailthru\.com|sail-horizon\.com", r"/img/|/view"),
    ("Salesforce Marketing Cloud", r"(?:exacttarget|exct|sfmc-content|s\d+\.exacttarget)\.(?:com|net)", r"/open\.aspx"),
    ("SendGrid", r"sendgrid\.(?:net|com|info)|sg-mail\.net", r"/wf/open|/mpss/o/|/asm/"),
    ("SparkPost", r"(?:sparkpostmail\d*|sparkpost|spgo)\.(?:com|io)", r"/q/|/initial_open/"),
    ("Substack", r"substack\.com", r"/o/|/api/v1/email/open"),
    ("Vero", r"getvero\.com", r"/open"),
    ("Yesware", r"yesware\.com", r"/t/|/trk"),
    ("Zoho", r"(?:zcsend|maillist-manage|zohocampaigns|campaign-view)\.(?:net|com|eu)",
     r"/(?:ua/|campaigns/)?.*(?:open|/clicks/)"),
)  # fmt: skip
"""Name of the service, pattern for the end of the host, pattern for path and query of an open tracker."""

HOSTS = re.compile("(?:^|\\.)(?:" + "|".join(f"(?P<s{number}>{host})" for number, (_, host, _) in enumerate(SERVICES)) + ")$")
"""The hosts of all services; the group that matches has the row's number in :data:`SERVICES`."""

_ENDPOINTS = tuple(re.compile(path) for _, _, path in SERVICES)

BRANDED: tuple[tuple[str, str], ...] = (
    ("SendGrid", r"^/(?:wf/open\?upn=|mpss/o/|ls/open\?)"),
    ("Mailchimp", r"^/track/open\.php\?u=[0-9a-f]+&id="),
    ("Salesforce Marketing Cloud", r"^/open\.aspx\?f[a-z][\da-f]*-"),
    ("SparkPost", r"^/q/[\w-]{11,}~~/"),
    ("Campaign Monitor", r"^/t/[a-z]-[a-z]-[a-z]+.*/o\.gif$"),
    ("Customer.io", r"^/e/o/e[A-Za-z0-9+/=_-]{8,}"),
    ("Marketo", r"^/trk\?t="),
    ("Mailgun", r"^/o/e[JK][A-Za-z0-9_-]{16,}$"),
    ("HubSpot", r"^/Cto/[A-Za-z0-9*+]+/"),
    ("Mailjet", r"^/oo/[A-Z0-9]{6,}/"),
    ("Cordial", r"^/o/p/\d+:[0-9a-f]{12,}:"),
    ("Adobe Campaign", r"^/r/\?id=h[0-9a-f]+,[0-9a-f]+,1$"),
)
"""Name of the service and pattern for path and query, for open trackers on the sender's own host (branded domains)."""

BRANDED_PATHS = re.compile("|".join(f"(?P<b{number}>{path})" for number, (_, path) in enumerate(BRANDED)))
"""The paths of all branded trackers; the group that matches has the row's number in :data:`BRANDED`."""

_STORE_NAMES = """
googleusercontent.com ggpht.com gstatic.com googleapis.com drive.google.com blogspot.com blogger.com ytimg.com
fbcdn.net cdninstagram.com twimg.com licdn.com pinimg.com redd.it gravatar.com githubusercontent.com vimeocdn.com
imgur.com photobucket.com imageshack.us staticflickr.com postimg.cc ibb.co giphy.com tenor.com wikimedia.org
dropboxusercontent.com discordapp.net wp.com wixstatic.com squarespace-cdn.com shopify.com shopifycdn.com
cloudfront.net s3.amazonaws.com akamaihd.net akamaized.net akamai.net edgesuite.net azureedge.net
core.windows.net fastly.net b-cdn.net cdn77.org jsdelivr.net unpkg.com bootstrapcdn.com cdnjs.cloudflare.com
fontawesome.com typekit.net cloudinary.com imgix.net imagekit.io images-amazon.com media-amazon.com
ssl-images-amazon.com ebaystatic.com ebayimg.com alicdn.com yimg.com bstatic.com mzstatic.com scdn.co
mcusercontent.com stripocdn.email substackcdn.com hubspotusercontent.net
"""
STORES = frozenset(_STORE_NAMES.split())
"""Domains that serve the files of many senders, sites or users and no open trackers of mailing services."""

REGIONAL_S3 = re.compile(r"(?:^|\.)s3[.-][a-z0-9.-]+\.amazonaws\.com$")


def providers(resolved_urls: Sequence[str]) -> list[str]:
    """Return the mailing service of each URL, or of the original if it is wrapped; ``""`` if unknown.

    >>> providers(["http://x.list-manage.com/track/open.php?u=1&id=2", "http://a.example/o.gif"])
    ['Mailchimp', '']
    """
    names = []
    for url in map(unwrap, resolved_urls):
        host = host_of(url)
        names.append(provider_of(host, url[url.find(host, 6) + len(host) :])[0])
    return names


@lru_cache(maxsize=1 << 14)
def provider_of(host: str, path_and_query: str) -> tuple[str, bool]:
    """Return the mailing service of a URL, ``""`` if unknown, and whether the URL is a known open tracker of it.

    Examples
    --------
    >>> provider_of("news.list-manage.com", "/track/open.php?u=1&id=2")
    ('Mailchimp', True)
    >>> provider_of("mcusercontent.com", "/logo.png"), provider_of("a.example", "/logo.png")
    (('Mailchimp', False), ('', False))
    """
    number = _service_of(host)
    if number >= 0:
        return SERVICES[number][0], bool(_ENDPOINTS[number].search(path_and_query))
    branded = BRANDED_PATHS.match(path_and_query)
    return (BRANDED[int(branded.lastgroup[1:])][0], True) if branded and branded.lastgroup else ("", False)


@lru_cache(maxsize=1 << 13)
def _service_of(host: str) -> int:
    """Return the number of the service that a host belongs to, -1 if there is none."""
    match = HOSTS.search(host)
    return int(match.lastgroup[1:]) if match and match.lastgroup else -1


@lru_cache(maxsize=1 << 14)
def is_store(host: str) -> bool:
    """Return whether a host belongs to a known store of pictures, fonts or files.

    Examples
    --------
    >>> is_store("lh3.googleusercontent.com"), is_store("shop.s3.eu-west-1.amazonaws.com"), is_store("a.example")
    (True, True, False)
    """
    rest = host
    while rest:
        if rest in STORES:
            return True
        rest = rest.partition(".")[2]
    return REGIONAL_S3.search(host) is not None

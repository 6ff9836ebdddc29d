"""Recognise servers that hold the pictures, fonts and files of many senders."""

from __future__ import annotations

import re
from functools import lru_cache

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

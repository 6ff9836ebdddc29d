"""Read URLs as a browser does, and find in them the host, provider, recipient and original URL.

Nothing here opens a connection, and no string raises an error.
"""

from tkit.url.addresses import holds_address, names_recipient
from tkit.url.parsing import clean, host_of, is_registered, registrable_domain, resolve
from tkit.url.wrapping import unwrap

__all__ = ["clean", "holds_address", "host_of", "is_registered", "names_recipient", "registrable_domain", "resolve", "unwrap"]

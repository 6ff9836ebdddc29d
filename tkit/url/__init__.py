"""URLs as a browser reads them, and what they say by themselves."""

from tkit.url.addresses import holds_address, names_recipient
from tkit.url.parsing import clean, host_of, is_registered, registrable_domain, resolve
from tkit.url.wrapping import unwrap

__all__ = ["clean", "holds_address", "host_of", "is_registered", "names_recipient", "registrable_domain", "resolve", "unwrap"]

"""HTML to remote references, and back."""

from tkit.html.reading import read_document, read_message, references
from tkit.html.reference import Document, RemoteReference

__all__ = ["Document", "RemoteReference", "read_document", "read_message", "references"]

"""HTML to remote references, and back."""

from tkit.html.reading import read_document, read_message, references
from tkit.html.reference import LOADED_BY, Document, LoadedBy, RemoteReference

__all__ = ["LOADED_BY", "Document", "LoadedBy", "RemoteReference", "read_document", "read_message", "references"]

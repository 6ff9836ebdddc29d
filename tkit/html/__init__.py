"""HTML to remote references, and back."""

from tkit.html.reading import LOADED_BY, Document, LoadedBy, RemoteReference, read_document, read_message, references

__all__ = ["LOADED_BY", "Document", "LoadedBy", "RemoteReference", "read_document", "read_message", "references"]

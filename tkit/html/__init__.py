"""HTML to remote references, and back."""

from tkit.html.reading import Document, RemoteReference, read_document, read_message, references

__all__ = ["Document", "RemoteReference", "read_document", "read_message", "references"]

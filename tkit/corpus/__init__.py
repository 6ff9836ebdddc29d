"""Read mails from files, folders and archives; fetch the public corpora."""

from tkit.corpus.raw import Note, Problem, RawMessage
from tkit.corpus.reading import STDIN, read_raw
from tkit.corpus.registry import CORPORA, PublicCorpus

__all__ = ["CORPORA", "STDIN", "Note", "Problem", "PublicCorpus", "RawMessage", "read_raw"]

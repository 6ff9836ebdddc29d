"""Describe the dataset in MLCommons Croissant 1.0 (JSON-LD) with its Responsible AI vocabulary.

Croissant Format Specification 1.0 and Croissant RAI Specification 1.0, MLCommons 2024.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tkit.corpus import CORPORA
from tkit.dataset.columns import FILES, KEYS, TITLES, columns

LICENCE = "https://creativecommons.org/licenses/by/4.0/"
"""Licence of the numbers and labels; the mails are not in the dataset and belong to their senders."""

_CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
_TYPES = {
    "string": "sc:Text",
    "bool": "sc:Boolean",
    "timestamp[ms, tz=UTC]": "sc:DateTime",
    "int8": "cr:Int8",
    "int16": "cr:Int16",
    "int32": "cr:Int32",
    "float32": "cr:Float32",
    "float64": "cr:Float64",
}


def croissant(description: Mapping[str, Any], sizes: Mapping[str, int]) -> dict[str, Any]:
    """Describe a dataset.

    Parameters
    ----------
    description : mapping
        The content of ``dataset.json``.
    sizes : mapping of str to int
        Size in bytes of each table.

    Returns
    -------
    dict
        The JSON-LD document that ``croissant.json`` contains.
    """
    size = f"{description['references']:,} references of {description['messages_with_references']:,} mails"
    labels = ", ".join(f"{count:,} {source}" for source, count in description["labels"].items())
    return {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": ["http://mlcommons.org/croissant/1.0", "http://mlcommons.org/croissant/RAI/1.0"],
        "name": "tkit-email-read-trackers",
        "description": (
            f"Every remote reference of {len(CORPORA)} public mail corpora as numbers ({size}), with labels of open trackers,"
            f" personalised pictures, content and spacers ({labels}). No text of a mail, no address and no full URL is in it."
        ),
        "license": LICENCE,
        "version": description["version"],
        "datePublished": description["published"],
        "creator": {"@type": "sc:Organization", "name": "The tkit authors"},
        "keywords": ["email", "open tracking", "tracking pixel", "web beacon", "privacy", "detection"],
        "citeAs": (
            f"@misc{{tkit_dataset, title={{tkit: a labelled dataset of email read trackers, version {description['version']}}},"
            f" author={{The tkit authors}}, year={{{description['published'][:4]}}}}}"
        ),
        "rai:dataCollection": "Features computed by tkit from public mail corpora; nothing that a mail refers to was loaded.",
        "rai:dataAnnotationProtocol": (
            "Gold: drawn by strata, one of each cluster, labelled in two independent passes of a large language model by a"
            " written rubric; where they differ the label is U. Member: carried over to the near-copies of a labelled"
            " reference. Where full is set, every reference of the mail is labelled, in the second pass only what is not plain"
            " content. Weak: combined from rules, never for headline figures."
        ),
        "rai:dataLimitations": (
            "Mostly spam, phishing and mailing-list mail of 2002 to 2025; wanted mail of today is of one household, 2025 and"
            " 2026; personal mail is rare. Two passes of one model share their"
            " blind spots: labels are audited, not truth. Whole components or senders belong on one side of a split."
        ),
        "rai:personalSensitiveInformation": (
            "None is meant to be in it: messages and senders stand as hashes, hosts as registrable domains. The salt of the"
            " senders' hashes is published: who has a list of domains can find which of them sent mail."
        ),
        "distribution": [_file_object(name, description["sha256"][name], sizes[name]) for name in FILES],
        "recordSet": [_record_set(name, description["lists"]) for name in FILES],
    }


def _file_object(name: str, sha256: str, size: int) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": name,
        "name": name,
        "description": f"One row {TITLES[name]}.",
        "contentUrl": name,
        "contentSize": f"{size} B",
        "encodingFormat": "application/x-parquet",
        "sha256": sha256,
    }


def _record_set(name: str, lists: Sequence[str]) -> dict[str, Any]:
    table = name.removesuffix(".parquet")
    return {
        "@type": "cr:RecordSet",
        "@id": table,
        "name": table,
        "description": f"One row {TITLES[name]}.",
        "key": [{"@id": f"{table}/{column}"} for column in KEYS[name]],
        "field": [
            {
                "@type": "cr:Field",
                "@id": f"{table}/{column.name}",
                "name": column.name,
                "description": column.meaning,
                "dataType": _TYPES[column.dtype],
                "source": {"fileObject": {"@id": name}, "extract": {"column": column.name}},
            }
            for column in columns(name, lists)
        ],
    }

"""Labelled references made by hand, as `tkit.templates.material` returns them."""

import pandas as pd

from tkit.templates.pieces import first_word


def rows_of(*references: tuple[str, str, str]) -> pd.DataFrame:
    """Rows of (label, host, tail); sender and component are the host's own."""
    frame = pd.DataFrame(references, columns=["label", "domain", "tail"])
    return frame.assign(
        url="http://" + frame["domain"] + frame["tail"],
        resolved_url="http://" + frame["domain"] + frame["tail"],
        tracker=frame["label"] == "T",
        sender=frame["domain"],
        component=pd.factorize(frame["domain"])[0],
        source="gold",
        confidence=3,
        corpus="first",
        request="image",
        word=frame["tail"].map(first_word),
        message_sha256=[f"{number:064x}" for number in range(len(frame))],
        part=0,
        index=0,
    )


def kit(number: int) -> tuple[str, str, str]:
    return ("T", f"t{number}.example", f"/mailkit/seen.php?k=x{number}y7")


ROWS = rows_of(
    *map(kit, range(6)),
    *(("T", f"u{number}.example", f"/shared/pic?n={number}") for number in range(4)),
    ("C", "u7.example", "/shared/pic?n=9"),
    ("T", "alone.example", "/onlyhere/view?n=1"),
    ("T", "alone.example", "/onlyhere/view?n=2"),
    *(("T", f"s{number}.example", f"/wf/open?upn={number}x") for number in range(5)),
    *(("C", f"c{number}.example", "/images/logo.png") for number in range(8)),
)

"""Two corpora, label files and lists made by hand, as `tkit dataset build` reads them."""

import hashlib
import io
import lzma
from pathlib import Path

import pandas as pd
import pytest
from made import tar

from tkit.corpus import PublicCorpus
from tkit.corpus.registry import digest_of
from tkit.dataset import build as release
from tkit.dataset import card as datacard
from tkit.dataset import croissant, verify
from tkit.lists import sources as lists
from tkit.lists.sources import ListSource

SENDERS = 12
"""Each is a component, which is enough for ten folds."""

WORDS = "abcdefghijkl"
"""The letter in the URLs of each sender's tracker, which makes it a kit of its own."""

GERMAN = (
    "Guten Tag, hier ist unser neues Angebot für Sie: Blumen, Bäume und Sträucher zu kleinen Preisen, nur noch diese Woche."
)


def letter(sender: int, reader: str) -> bytes:
    """Return a copy of a sender's mailing: a tracker with a token of the reader, and a logo."""
    year = 2023 + sender % 2
    return (
        f"From: Shop <news@mail.shop{sender}.example>\nTo: {reader}@reader.example\nSubject: Sale\n"
        f"Date: Tue, 07 Mar {year} 10:00:00 +0000\nContent-Type: text/html; charset=utf-8\n\n"
        f"<p>{GERMAN}</p><img src='http://shop{sender}.example/logo.png' width=120 height=40>"
        f"<img src='http://t{sender}.example/open{WORDS[sender]}?{WORDS[sender]}u={reader}4711' width=1 height=1>\n"
    ).encode()


PLAIN = b"From: someone@plain.example\nSubject: no HTML\nDate: never\n\nHello\n"
MAILS = {
    **{f"ham/{sender}-{reader}": letter(sender, reader) for sender in range(SENDERS) for reader in ("anna", "berta")},
    "spam/plain": PLAIN,
}
OTHER = {f"{sender}.eml": letter(sender, "carla") for sender in range(3)}


def sha(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


def corpus(name: str, mails: dict[str, bytes], kinds: dict[str, str]) -> PublicCorpus:
    hashes = [sha(raw) for raw in mails.values()]
    return PublicCorpus(
        name=name,
        title=f"{name}, made by hand",
        repository="nobody/nothing",
        commit="0123456789abcdef",
        folders={"": name},
        licence="none",
        years=(2023, 2024),
        kinds=kinds,
        messages=len(mails),
        messages_sha256=digest_of(hashes),
    )


CORPORA = (corpus("first", MAILS, {"first/ham": "ham", "first/spam": "spam"}), corpus("second", OTHER, {"": "unwanted"}))
LISTS = (
    ListSource("made_mail", "made_mail.txt", "filters", "by hand", "made_mail.txt", "", "", "none"),
    ListSource("easyprivacy_full", "made_web.txt", "filters", "by hand", "made_web.txt", "", "", "none"),
)


def write_archive(folder: Path, name: str, mails: dict[str, bytes], *, reverse: bool = False) -> None:
    members = sorted(mails.items(), reverse=reverse)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.tar.xz").write_bytes(lzma.compress(tar(*((f"{name}/{path}", raw) for path, raw in members))))


def label_files() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return a gold tracker per sender (and a logo for even ones), and the other copies as members of their clusters."""
    gold, members = [], []
    for sender in range(SENDERS):
        labelled = [("T", f"http://t{sender}.example/open{WORDS[sender]}?{WORDS[sender]}u=anna4711", sender)]
        if sender % 2 == 0:
            labelled.append(("C", f"http://shop{sender}.example/logo.png", 100 + sender))
        for label, url, cluster in labelled:
            gold.append(
                {
                    "corpus": "first",
                    "path": f"ham/{sender}-anna",
                    "message_sha256": sha(letter(sender, "anna")),
                    "part": 0,
                    "carrier": "img",
                    "url": url,
                    "label": label,
                    "first": label,
                    "second": label,
                    "confidence": 3,
                    "draw": 1,
                    "stratum": "tiny+url",
                    "stratum_size": 30,
                    "stratum_drawn": 10,
                    "cluster": cluster,
                    "cluster_size": 2,
                }
            )
        url = f"http://t{sender}.example/open{WORDS[sender]}?{WORDS[sender]}u=berta4711"
        hashed = sha(letter(sender, "berta"))
        members.append({"corpus": "first", "message_sha256": hashed, "carrier": "img", "url": url, "cluster": sender})
    # A label whose reference is in no mail.
    gold.append(gold[0] | {"url": "http://nowhere.example/", "cluster": 999})
    return pd.DataFrame(gold), pd.DataFrame(members)


def whole_mails() -> pd.DataFrame:
    """Return the labels of one mail of the second corpus, all of it: a second pass saw only the tracker."""
    gold, _ = label_files()
    tracker, logo = (
        {
            "corpus": "second",
            "path": "0.eml",
            "message_sha256": sha(OTHER["0.eml"]),
            "stratum": "all",
            "stratum_size": 1,
            "stratum_drawn": 1,
            "full": 1,
        }
        | changed
        for changed in (
            {"url": f"http://t0.example/open{WORDS[0]}?{WORDS[0]}u=carla4711", "cluster": 0},
            {"url": "http://shop0.example/logo.png", "cluster": 1, "label": "C", "first": "C", "second": ""},
        )
    )
    return pd.DataFrame([gold.iloc[0].to_dict() | tracker, gold.iloc[0].to_dict() | logo])


def csv(frame: pd.DataFrame) -> str:
    text = io.StringIO()
    frame.to_csv(text, index=False)
    return text.getvalue()


def make_shared(folder: Path, *, reverse: bool = False) -> Path:
    """Write corpora/, gold/ and lists/."""
    write_archive(folder / "corpora", "first", MAILS, reverse=reverse)
    write_archive(folder / "corpora", "second", OTHER, reverse=reverse)
    for name in ("gold", "lists"):
        (folder / name).mkdir()
    gold, members = label_files()
    (folder / "gold" / "labels.csv").write_text(csv(gold), "utf-8")
    (folder / "gold" / "wanted.csv").write_text(csv(whole_mails()), "utf-8")
    (folder / "gold" / "members.csv").write_text(csv(members), "utf-8")
    (folder / "lists" / "made_mail.txt").write_text("||t1.example^\n||t2.example^\n", "utf-8")
    (folder / "lists" / "made_web.txt").write_text("||t3.example^\n", "utf-8")
    return folder


def use_made_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Replace the registries of corpora and lists by the made ones."""
    for module in (release, verify, datacard, croissant):
        monkeypatch.setattr(module, "CORPORA", CORPORA)
    monkeypatch.setattr(lists, "REGISTRY", LISTS)
    monkeypatch.setitem(verify._FORMS, "corpus", verify.re.compile("first|second"))

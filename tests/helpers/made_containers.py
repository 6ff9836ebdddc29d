"""Mails inside other formats, made by hand: S/MIME, TNEF, Outlook's ``.msg``."""

import io
import struct
from datetime import UTC, datetime

from asn1crypto import algos, cms, core
from extract_msg.ole_writer import OleWriter

IID_MESSAGE = bytes.fromhex("0703020000000000c000000000000046")


def signed(inner: bytes, indefinite: bool = False) -> bytes:
    """Return a CMS message that holds a part and no signature; in BER of indefinite length, or in DER."""
    content = cms.ContentInfo(
        {
            "content_type": "signed_data",
            "content": cms.SignedData(
                {
                    "version": "v1",
                    "digest_algorithms": [algos.DigestAlgorithm({"algorithm": "sha256"})],
                    "encap_content_info": {"content_type": "data", "content": inner},
                    "signer_infos": [],
                }
            ),
        }
    )
    if not indefinite:
        return bytes(content.dump())
    pieces = b"".join(_tlv(b"\x04", inner[start : start + 100]) for start in range(0, len(inner), 100))
    data, signed_data = bytes(core.ObjectIdentifier("1.2.840.113549.1.7.1").dump()), bytes.fromhex("06092a864886f70d010702")
    octets = b"\xa0\x80" + b"\x24\x80" + pieces + b"\0\0" * 2
    signed_content = b"\x30\x80\x02\x01\x01\x31\x00\x30\x80" + data + octets + b"\0\0" + b"\x31\x00" + b"\0\0"
    return b"\x30\x80" + signed_data + b"\xa0\x80" + signed_content + b"\0\0" + b"\0\0"


def _tlv(tag: bytes, value: bytes) -> bytes:
    length = len(value)
    return tag + (bytes([length]) if length < 128 else b"\x81" + bytes([length])) + value


def compressed(packed: bytes) -> bytes:
    """Return a CMS message of compressed data."""
    content = {
        "version": "v0",
        "compression_algorithm": {"algorithm": "zlib"},
        "encap_content_info": {"content_type": "data", "content": packed},
    }
    return bytes(cms.ContentInfo({"content_type": "compressed_data", "content": cms.CompressedData(content)}).dump())


def enveloped() -> bytes:
    """Return a CMS message that is encrypted, for nobody."""
    content = {
        "version": "v0",
        "recipient_infos": [],
        "encrypted_content_info": {
            "content_type": "data",
            "content_encryption_algorithm": {"algorithm": "aes256_cbc", "parameters": b"\0" * 16},
            "encrypted_content": b"\x01" * 32,
        },
    }
    return bytes(cms.ContentInfo({"content_type": "enveloped_data", "content": cms.EnvelopedData(content)}).dump())


def properties(*values: tuple[int, bytes]) -> bytes:
    """Return MAPI properties of type binary, as TNEF has them (MS-OXTNEF, section 2.1.3.4)."""
    pieces = [struct.pack("<I", len(values))]
    for tag, value in values:
        pieces += [struct.pack("<HHII", 0x0102, tag, 1, len(value)), value + b"\0" * (-len(value) % 4)]
    return b"".join(pieces)


def tnef(*attributes: tuple[int, int, bytes]) -> bytes:
    """Return TNEF of attributes: level, name, value."""
    pieces = [struct.pack("<IH", 0x223E9F78, 1)]
    for level, name, value in attributes:
        pieces += [struct.pack("<BHHI", level, name, 6, len(value)), value, struct.pack("<H", sum(value) & 0xFFFF)]
    return b"".join(pieces)


def rtf(html: str) -> bytes:
    """Return an RTF body that encapsulates HTML, compressed by the method that does not compress (MS-OXRTFCP)."""
    body = rb"{\rtf1\ansi\ansicpg1252\fromhtml1 \deff0{\fonttbl{\f0\fswiss Arial;}}{\*\htmltag64 " + html.encode() + b"}}"
    return struct.pack("<IIII", len(body) + 12, len(body), 0x414C454D, 0) + body


def msg(headers: str, streams: dict[str, bytes], attachments: tuple[tuple[str, bytes], ...] = ()) -> bytes:
    """Return a ``.msg`` file: transport headers, binary streams by tag and type, attachments by name."""
    writer = OleWriter()
    strings = {"001A": "IPM.Note", "007D": headers}
    contents = {f"{tag}001F": text.encode("utf-16-le") for tag, text in strings.items() if text} | streams
    _add(writer, [], contents, struct.pack("<8xIIII8x", 0, len(attachments), 0, len(attachments)))
    writer.addEntry(["__nameid_version1.0"], storage=True)
    for name in ("00020102", "00030102", "00040102"):
        writer.addEntry(["__nameid_version1.0", f"__substg1.0_{name}"], b"")
    for number, (name, content) in enumerate(attachments):
        folder = f"__attach_version1.0_#{number:08X}"
        writer.addEntry([folder], storage=True)
        _add(writer, [folder], {"3707001F": name.encode("utf-16-le"), "37010102": content}, b"\0" * 8, attached=True)
    file = io.BytesIO()
    writer.write(file)
    return file.getvalue()


def _add(writer: OleWriter, folder: list[str], contents: dict[str, bytes], head: bytes, attached: bool = False) -> None:
    listed = [struct.pack("<HHIII", 0x0003, 0x3705, 6, 1, 0) if attached else struct.pack("<HHIII", 3, 0x340D, 6, 0x40000, 0)]
    date = int((datetime(2025, 11, 4, 10, tzinfo=UTC) - datetime(1601, 1, 1, tzinfo=UTC)).total_seconds() * 10**7)
    listed += [] if attached else [struct.pack("<HHIQ", 0x0040, 0x0039, 6, date)]
    for name, content in contents.items():
        writer.addEntry([*folder, f"__substg1.0_{name}"], content)
        tag, kind = int(name[:4], 16), int(name[4:], 16)
        length = len(content) + (2 if kind == 0x1F else 0)
        listed.append(struct.pack("<HHIII", kind, tag, 6, length, 0))
    writer.addEntry([*folder, "__properties_version1.0"], head + b"".join(listed))

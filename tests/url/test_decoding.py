from base64 import b64encode

from tkit.url.decoding import decoded_forms


def test_decoded_forms() -> None:
    assert decoded_forms("http://a.example/") == ["http://a.example/"]
    assert decoded_forms("/%61%25") == ["/%61%25", "/a%"]
    assert decoded_forms("/48656c6c6f21") == ["/48656c6c6f21", "Hello!"]
    assert decoded_forms("/48656c6c6f21a") == ["/48656c6c6f21a"]  # an odd number of digits
    assert decoded_forms("/SGVsbG8h/") == ["/SGVsbG8h/", "Hello!"]
    assert decoded_forms("/0001020304050607") == ["/0001020304050607"]  # decodes to nothing printable
    twice = b64encode(b64encode(b"Hello, you")).decode()
    assert decoded_forms(f"/{twice}")[1:] == [b64encode(b"Hello, you").decode(), "Hello, you"]
    thrice = b64encode(twice.encode()).decode()
    assert "Hello, you" not in decoded_forms(f"/{thrice}")


def test_many_tokens_finish() -> None:
    tokens = "/".join(b64encode(f"word {number:06}".encode()).decode() for number in range(50_000))
    assert len(decoded_forms(tokens)) > 50_000

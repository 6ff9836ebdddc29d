import pytest

from tkit.url.stores import STORES, is_store


@pytest.mark.parametrize("host", ["imgur.com", "i.imgur.com", "lh3.googleusercontent.com", "a.s3.eu-west-1.amazonaws.com"])
def test_stores_and_the_hosts_below_them(host: str) -> None:
    assert is_store(host)


@pytest.mark.parametrize("host", ["", "a.example", "notimgur.com", "imgur.com.example", "amazonaws.com", "com"])
def test_other_hosts(host: str) -> None:
    assert not is_store(host)


def test_every_store_is_a_host_name() -> None:
    assert all(store == store.strip(".").lower() and "." in store for store in STORES)

import pytest

from tkit.features.parts import url_parts

# Worked out by hand.
CASES = {
    "http://a.example/": {"url_length": 17, "host_length": 9, "path_length": 1},
    "https://u:p@mail-2.a.example:8443/o/Ab12cd34.gif?u=7&v=#frag": {
        "https": 1,
        "host_length": 16,
        "host_labels": 3,
        "host_digits": 1,
        "host_hyphens": 1,
        "host_port": 1,
        "host_is_number": 0,
        "path_length": 15,
        "path_segments": 2,
        "filename_length": 12,
        "query_length": 6,
        "query_parameters": 2,
        "fragment_length": 4,
    },
    "http://127.0.0.1/x": {"host_is_number": 1, "host_labels": 4, "host_digits": 6},
    "http://[::1]:81/x": {"host_is_number": 1, "host_port": 1, "host_length": 5},
}


def tail(url: str) -> str:
    return url[url.find("/", 8) :]


@pytest.mark.parametrize("url", CASES)
def test_columns(url: str) -> None:
    columns = url_parts([url], [tail(url)])
    assert {name: columns[name][0] for name in CASES[url]} == CASES[url]


def test_urls_do_not_mix() -> None:
    together = url_parts(list(CASES), list(map(tail, CASES)))
    for number, url in enumerate(CASES):
        alone = url_parts([url], [tail(url)])
        assert {name: values[number] for name, values in together.items()} == {
            name: values[0] for name, values in alone.items()
        }

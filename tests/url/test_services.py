import re
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from paths import SHARED

from tkit.errors import TkitError
from tkit.lists.sources import REGISTRY
from tkit.url.parsing import clean, resolve
from tkit.url.services import KINDS, known, read_services, regular_expression, service_names, service_of, services
from tkit.url.wrapping import origin_of, unwrap

HEAD = "name,kind,hosts,open,branded,sources,year"
ROW = "Example,sales,mail#.example.com,/o/ t.example.com/px?,*/example/open.php?u={hex:8},github:example/code,2026"
UUID = "01234567-89ab-cdef-0123-456789abcdef"


class TestTable:
    def test_at_least_150_services_of_every_kind_each_with_evidence(self) -> None:
        table = services()
        assert len(table) >= 150
        assert {service.kind for service in table} == set(KINDS)
        assert sum(bool(service.open or service.branded) for service in table) >= 150

    def test_named_lists_are_lists_that_tkit_knows(self) -> None:
        lists = {source for service in services() for source in service.sources if re.fullmatch(r"\w+", source)}
        assert lists <= {source.name for source in REGISTRY}

    def test_in_the_order_of_the_names(self) -> None:
        names = [service.name for service in services()]
        assert names == sorted(names, key=str.casefold)

    def test_a_row(self) -> None:
        (service,) = read_services([HEAD, ROW])
        assert (service.name, service.kind, service.year) == ("Example", "sales", 2026)
        assert service.opens() == {"mail#.example.com": ["/o/"], "t.example.com": ["/o/", "/px?"]}
        assert service.branded == ("*/example/open.php?u={hex:8}",)
        assert service.sources == ("github:example/code",)

    @pytest.mark.parametrize(
        ("row", "message"),
        [
            ("A,sales,a.example", "line 2: 3 cells instead of 7"),
            (" A,sales,a.example,,,neomd,2026", "line 2: name ' A'"),
            ("A,spy,a.example,,,neomd,2026", "line 2: kind 'spy': known are newsletter"),
            ("A,sales,A.example,,,neomd,2026", "line 2: host 'A.example'"),
            ("A,sales,*.example,,,neomd,2026", "line 2: host '\\*.example'"),
            ("A,sales,a.example,o/,,neomd,2026", "line 2: host 'o'"),
            ("A,sales,a.example,/{name}/,,neomd,2026", "line 2: pattern '/{name}/'"),
            ("A,sales,a.example,/a$b,,neomd,2026", r"line 2: pattern '/a\$b'"),
            ("A,sales,,,/{token}/,neomd,2026", "line 2: branded '/{token}/': too general"),
            ("A,sales,,,o.gif,neomd,2026", "line 2: pattern 'o.gif'"),
            ("A,sales,,,,neomd,2026", "line 2: A has neither a host nor a branded pattern"),
            ("A,sales,a.example,,,,2026", "line 2: sources ''"),
            ("A,sales,a.example,,,A list!,2026", "line 2: sources 'A list!'"),
            ("A,sales,a.example,,,neomd,26", "line 2: year '26'"),
        ],
    )
    def test_a_wrong_row_says_what_to_do(self, row: str, message: str) -> None:
        with pytest.raises(TkitError, match="t.csv, " + message):
            read_services([HEAD, row], "t.csv")

    @pytest.mark.parametrize("twice", ["A,sales,b.example,,,neomd,2026", "B,sales,a.example,,,neomd,2026"])
    def test_no_name_and_no_host_twice(self, twice: str) -> None:
        with pytest.raises(TkitError, match=r"line 3: .* is already in the row of A"):
            read_services([HEAD, "A,sales,a.example,,,neomd,2026", twice])

    def test_the_head_is_checked(self) -> None:
        with pytest.raises(TkitError, match="the first line must be name,kind"):
            read_services(["name,hosts"])


@pytest.mark.parametrize(
    ("pattern", "path", "fits"),
    [
        ("/o/", "/o/x", True),
        ("/o/", "/a/o/x", False),
        ("/o.gif$", "/o.gif", True),
        ("/o.gif$", "/o.gif?id=1", False),
        ("/o.gif", "/oxgif", False),
        ("/t/{hex:4}/", "/t/09aF/", True),
        ("/t/{hex:4}/", "/t/09aFf/", False),
        ("/t/{digits:2-3}.png", "/t/1.png", False),
        ("/t/{digits:2-3}.png", "/t/123.png", True),
        ("/t/{word:3+}$", "/t/ab", False),
        ("/t/{word:3+}$", "/t/abcd", True),
        ("/t/{token}/x", "/t/a_b-c.d~=/x", True),
        ("/t/{token}/x", "/t/a/b/x", False),
        ("/t/{token}/x", "/t/a?b/x", False),
        ("/t/{uuid}$", f"/t/{UUID}", True),
        ("/t/*&l=open", "/t/a?b=1&l=open&c=2", True),
        ("/t/*&l=open", "/t/a?l=open", False),
    ],
)
def test_the_signs_of_a_pattern(pattern: str, path: str, fits: bool) -> None:
    assert bool(re.match(regular_expression(pattern), path)) is fits


@given(st.text(st.characters(codec="ascii", exclude_characters="{}*$", exclude_categories=["Cc"])), st.text())
def test_plain_text_stands_for_itself(text: str, behind: str) -> None:
    assert re.match(regular_expression("/" + text), "/" + text + behind)


@pytest.mark.parametrize(
    ("host", "path", "service"),
    [
        ("news.list-manage.com", "/track/open.php?u=1a&id=2b&e=3c", "Mailchimp"),
        ("u1234567.ct.sendgrid.net", "/wf/open?upn=abc", "SendGrid"),
        ("click.s7.exacttarget.com", "/open.aspx?ffcb10-fe", "Salesforce Marketing Cloud"),
        ("email.mailgun.org", "/o/eJwNybEOgjAQ", "Mailgun"),
        ("news.cmail19.com", "/t/d-o-abcdef-x/o.gif", "Campaign Monitor"),
        ("x.awstrack.me", "/I0/0102-abc/def=123", "Amazon SES"),
        ("mailtrack.io", "/trace/mail/abc.png", "Mailsuite"),
        ("x.emltrk.com", "/abc?p&d=1", "Litmus"),
        ("www.google-analytics.com", "/collect?v=1&tid=UA-1", "Google Analytics"),
        ("mandrillapp.com", "/track/open.php?u=1", "Mandrill"),
        ("x.mjt.lu", "/oo/AMAAAB/abc/e.gif", "Mailjet"),
        ("www.linkedin.com", "/emimp/ip_abc.gif", "LinkedIn"),
        ("email.substack.com", "/o/abc", "Substack"),
        ("t.yesware.com", "/t/abc/def/spacer.gif", "Yesware"),
        ("mailfoogae.appspot.com", "/t?sender=abc", "Streak"),
        ("t.sidekickopen77.com", "/e1t/o/5/abc", "HubSpot"),
    ],
)
def test_a_service_and_its_open_tracker(host: str, path: str, service: str) -> None:
    assert service_of(host, path)[0] == service
    assert service_of(host, path)[1] or service == "HubSpot"


@pytest.mark.parametrize(
    ("host", "path", "service"),
    [
        ("gallery.mailchimp.com", "/1a/images/logo.png", "Mailchimp"),
        ("mcusercontent.com", "/1a/images/logo.png", "Mailchimp"),
        ("marketing-image-production.s3.sendgrid.net", "/uploads/logo.png", "SendGrid"),
        ("www.linkedin.com", "/company/example", "LinkedIn"),
        ("x.awstrack.me", "/L0/https:%2F%2Fa.example", "Amazon SES"),
        ("app.yesware.com", "/t/abc", "Yesware"),
    ],
)
def test_a_service_without_an_open_tracker(host: str, path: str, service: str) -> None:
    assert service_of(host, path) == (service, False)


@pytest.mark.parametrize(
    ("path", "service"),
    [
        ("/wf/open?upn=u001.AbC", "SendGrid"),
        ("/mpss/o/AbCdEfGhIjKlMnOp/def/o.gif", "SendGrid"),
        ("/ss/o/u001.AbC-d/4md/EfG_h/ho.gif", "SendGrid"),
        ("/track/open.php?u=0123abcd&id=1", "Mailchimp"),
        ("/open.aspx?ffcb10-fec0-fe5e-fe2b-ff96-fe9d", "Salesforce Marketing Cloud"),
        ("/open.aspx?ABCDEFGHIJKLMNOPQRSTUVWXYZ.60262&d=60262&bmt=0", "Salesforce Marketing Cloud"),
        ("/q/AbCdEfGhIjK~~/AAA/x", "SparkPost"),
        ("/t/d-o-abcd/o.gif", "Campaign Monitor"),
        ("/e/o/eyJlbWFpbCI6", "Customer.io"),
        ("/trk?t=1&mid=2", "Marketo"),
        ("/o/eJwdjEEKwyAQAL9SVw", "Mailgun"),
        ("/Cto/2B+abc/d", "HubSpot"),
        ("/oo/AMAAAB1/0123abcd/e.gif", "Mailjet"),
        ("/o/p/123:0123456789ab:x", "Cordial"),
        ("/r/?id=h1a,2b,1", "Adobe Campaign"),
        ("/img/0123456789abcdef01234567.ab/0123abcd.gif", "Sailthru"),
        ("/CI0/0123456789abcdef-01234567-89ab-cdef-0123-456789abcdef-000000/AbC=436", "Amazon SES"),
        (f"/campaign/{UUID}/{UUID}/px.png", "listmonk"),
        ("/news/lists/ut.php?u=0123456789abcdef0123456789abcdef&m=1", "phpList"),
        ("/index.php/campaigns/ab123/track-opening/cd456", "MailWizz"),
    ],
)
def test_the_path_names_the_service_on_a_senders_own_host(path: str, service: str) -> None:
    assert service_of("links.a.example", path) == (service, True)


def test_the_owner_of_a_host_is_named_where_another_service_sends() -> None:
    assert service_of("links-2.govdelivery.com", f"/CI0/0123456789abcdef-{UUID}-000000/x=1") == ("Granicus", True)


@pytest.mark.parametrize(
    ("host", "path"),
    [
        ("a.example", "/logo.png"),
        ("a.example", "/open?id=1"),
        ("notsendgrid.net", "/logo.png"),
        ("sendgrid.net.a.example", "/logo.png"),
        ("list-manage.com.example", "/track/open"),
        ("a.example", "/img/header-01234567.gif"),
        ("", ""),
    ],
)
def test_no_service(host: str, path: str) -> None:
    assert service_of(host, path) == ("", False)


@given(st.text(), st.text())
def test_only_a_named_service_has_open_trackers(host: str, path: str) -> None:
    name, is_open = service_of(host, path)
    assert name or not is_open


@given(st.lists(st.text("abc-", min_size=1, max_size=5), max_size=3), st.sampled_from(["sendgrid.net", "mjt.lu", "streak.com"]))
def test_a_service_is_known_on_every_host_below_its_own(labels: list[str], domain: str) -> None:
    assert service_of(".".join([*labels, domain]), "/")[0] in ("SendGrid", "Mailjet", "Streak")


def test_one_pass_finds_what_each_pattern_finds() -> None:
    for number, pattern in known().branded:
        path = pattern_example(pattern)
        assert re.match(pattern, path), (pattern, path)
        assert service_of("a.example", path)[1], (known().names[number], path)
    for number, pattern in known().floating:
        path = "/a/b" + pattern_example(pattern)
        assert service_of("a.example", path) == (known().names[number], True)


def pattern_example(pattern: str) -> str:
    """Return a text that one of the table's regular expressions matches."""
    text = pattern.replace("[0-9a-fA-F]", "a").replace("[0-9A-Za-z]", "a").replace("[^/?&#]", "a").replace("[0-9]", "1")
    text = re.sub(r"([a1])\{(\d+)[^}]*\}", lambda found: found[1] * int(found[2]), text)
    return re.sub(r"(?<!\\)\+|\.\*|\$$", "", text).replace("\\", "")


def test_names_of_urls() -> None:
    assert service_names([]) == []
    assert service_names(["https://a.example/wf/open?upn=abc", "https://a.example/wf/opera"]) == ["SendGrid", ""]
    assert service_names(["https://ci3.googleusercontent.com/proxy/x#http://a.example/wf/open?upn=abc"]) == ["SendGrid"]


@pytest.mark.parametrize("labels", [SHARED / "gold" / "labels.csv", SHARED / "gold" / "wanted.csv"], ids=lambda path: path.stem)
def test_no_good_picture_is_an_open_tracker(labels: Path) -> None:
    if not labels.is_file():
        pytest.skip("the gold labels are not beside the repository (../shared/gold or TKIT_SHARED)")
    rows = pd.read_csv(labels)
    good = rows.loc[rows["label"].isin(["C", "S"]), "url"]
    wrong = []
    for url in {unwrap(resolve(clean(value))) for value in good}:
        host = origin_of(url).host
        if service_of(host, url[url.find(host, 6) + len(host) :])[1]:
            wrong.append(host)
    assert wrong == []

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tkit.url.providers import provider_of, providers


@pytest.mark.parametrize(
    ("host", "path", "provider"),
    [
        ("news.list-manage.com", "/track/open.php?u=1a&id=2b&e=3c", "Mailchimp"),
        ("u1234567.ct.sendgrid.net", "/wf/open?upn=abc", "SendGrid"),
        ("click.s7.exacttarget.com", "/open.aspx?ffcb10-fe", "Salesforce Marketing Cloud"),
        ("email.mailgun.org", "/o/eJwNybEOgjAQ", "Mailgun"),
        ("news.cmail19.com", "/t/d-o-abcdef-x/o.gif", "Campaign Monitor"),
        ("x.awstrack.me", "/I0/0102-abc/def=123", "Amazon SES"),
        ("track.mailtrack.io", "/trace/mail/abc.png", "Mailtrack"),
        ("x.emltrk.com", "/abc?p&d=1", "Litmus"),
        ("www.google-analytics.com", "/collect?v=1&tid=UA-1", "Google Analytics"),
        ("mandrillapp.com", "/track/open.php?u=1", "Mandrill"),
        ("x.mjt.lu", "/oo/AMAAAB/abc/e.gif", "Mailjet"),
        ("www.linkedin.com", "/emimp/ip_abc.gif", "LinkedIn"),
        ("email.substack.com", "/o/abc", "Substack"),
    ],
)
def test_a_service_and_its_open_beacon(host: str, path: str, provider: str) -> None:
    assert provider_of(host, path) == (provider, True)


@pytest.mark.parametrize(
    ("host", "path", "provider"),
    [
        ("gallery.mailchimp.com", "/1a/images/logo.png", "Mailchimp"),
        ("mcusercontent.com", "/1a/images/logo.png", "Mailchimp"),
        ("marketing-image-production.s3.sendgrid.net", "/uploads/logo.png", "SendGrid"),
        ("www.linkedin.com", "/company/example", "LinkedIn"),
        ("x.awstrack.me", "/L0/https:%2F%2Fa.example", "Amazon SES"),
    ],
)
def test_a_service_without_an_open_beacon(host: str, path: str, provider: str) -> None:
    assert provider_of(host, path) == (provider, False)


@pytest.mark.parametrize(
    ("path", "provider"),
    [
        ("/wf/open?upn=u001.AbC", "SendGrid"),
        ("/mpss/o/AbC/def/o.gif", "SendGrid"),
        ("/track/open.php?u=0123abcd&id=1", "Mailchimp"),
        ("/open.aspx?ffcb10-fec0-fe5e-fe2b-ff96-fe9d", "Salesforce Marketing Cloud"),
        ("/q/AbCdEfGhIjK~~/AAA/x", "SparkPost"),
        ("/t/d-o-abcd/o.gif", "Campaign Monitor"),
        ("/e/o/eyJlbWFpbCI6", "Customer.io"),
        ("/trk?t=1&mid=2", "Marketo"),
        ("/o/eJwdjEEKwyAQAL9SVw", "Mailgun"),
        ("/Cto/2B+abc/d", "HubSpot"),
        ("/oo/AMAAAB1/abc", "Mailjet"),
        ("/o/p/123:0123456789ab:x", "Cordial"),
        ("/r/?id=h1a,2b,1", "Adobe Campaign"),
    ],
)
def test_the_path_names_the_service_on_a_senders_own_host(path: str, provider: str) -> None:
    assert provider_of("links.a.example", path) == (provider, provider != "")


@pytest.mark.parametrize(
    ("host", "path"),
    [
        ("a.example", "/logo.png"),
        ("a.example", "/open?id=1"),
        ("notsendgrid.net", "/logo.png"),
        ("sendgrid.net.a.example", "/logo.png"),
        ("list-manage.com.example", "/track/open"),
        ("", ""),
    ],
)
def test_no_service(host: str, path: str) -> None:
    assert provider_of(host, path) == ("", False)


@given(st.text(), st.text())
def test_only_a_known_service_has_beacons(host: str, path: str) -> None:
    provider, beacon = provider_of(host, path)
    assert provider or not beacon


@given(st.lists(st.text("abc-", min_size=1, max_size=5), max_size=3), st.sampled_from(["sendgrid.net", "mjt.lu", "streak.com"]))
def test_a_service_is_known_on_every_host_below_its_own(labels: list[str], domain: str) -> None:
    assert re.fullmatch("SendGrid|Mailjet|Streak", provider_of(".".join([*labels, domain]), "/")[0])


def test_providers_by_host_and_path() -> None:
    assert providers([]) == []
    assert providers(["https://a.example/wf/open?upn=abc", "https://a.example/wf/opera"]) == ["SendGrid", ""]

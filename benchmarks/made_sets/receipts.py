"""Sixty shapes of read receipts: how sales tools, mail clients, customer databases and home-made scripts write them.

The first forty-four follow the public source or documentation of a program, or the mails that public mailing lists and
public block lists show of it; the others are general forms. Only the host names are made up.
"""

from __future__ import annotations

from typing import NamedTuple

END, SIGNATURE, TOP = "end", "signature", "top"
"""Where a receipt stands: at the end of the mail, between the text and the signature, before the text."""

PLAIN = '<img src="{url}">'
ONE = '<img src="{url}" width="1" height="1" alt="">'
HIDDEN = '<img src="{url}" width="1" height="1" style="display:none" alt="">'
ZERO = '<img src="{url}" width="0" height="0" alt="">'


class Shape(NamedTuple):
    """`url` is the pattern of the URL, `markup` the HTML, in which ``{url}`` is the escaped URL."""

    name: str
    url: str
    markup: str
    place: str = END


SHAPES = (
    # Sales tools and mail clients.
    Shape(
        "trace",
        "https://mailfollow.example/trace/mail/{hex40}.png?u={num7}",
        '<img width="0" height="0" class="mailfollow-img" alt="" style="display:flex" src="{url}">',
    ),
    Shape(
        "zerocontent",
        "https://crm-inbox.app-host.test/t?sender=a{b64sender}&type=zerocontent&guid={uuid}",
        '<div hspace="crm-pt-mark" style="max-height:1px"><img alt="" style="width:0px;max-height:0px;overflow:hidden"'
        ' src="{url}"><font color="#ffffff" size="1">\u1427</font></div>',
        SIGNATURE,
    ),
    Shape(
        "long gif in a hidden box",
        "https://r.supermail.example/{b64x172}.gif",
        '<div style="display: none; border: 0px; width: 0px; height: 0px; overflow: hidden; visibility: hidden;">'
        '<img src="{url}" alt=" " width="1" height="0" style="display: none; border: 0px; width: 0px; height: 0px;'
        ' overflow: hidden; visibility: hidden;"></div>',
        SIGNATURE,
    ),
    Shape(
        "open by message id",
        "https://link.getspringmail.test/open/{UUID}@getspringmail.test?me={hex8}&recipient={b64email}",
        '<img class="springmail-open" alt="Sent from Springmail" width="0" height="0" style="border:0; width:0; height:0;"'
        ' src="{url}">',
    ),
    Shape(
        "e1t",
        "https://hs-{same_num7}.t.hubmail-free.test/e1t/o/*W{b62x22}*{b62x24}0/5/f18dQhb0S{b62x90}?si={num16}&pi={uuid}",
        '<img alt="" height="1" width="1" src="{url}" style="display:none!important;min-height:1px!important;'
        'width:1px!important">',
    ),
    Shape(
        "Cto",
        "https://d2v8tf04.na1.hublinks-free.example/Cto/OR+{same_num5}/{b62x8}/R5R8b4{b62x60}",
        '<img src="{url}" alt="" style="display:none!important" height="1" width="1">',
    ),
    Shape(
        "spacer of two hashes",
        "https://t.yesmail-sales.example/t/{hex40}/{hex32}/spacer.gif",
        '<img src="{url}" style="border:0; width:0; height:0; overflow:hidden;" width="0" height="0">'
        '<font face="yw-{hex40}--to" style="display:none"></font>',
    ),
    Shape(
        "track v2",
        "https://track.mixletter.test/api/track/v2/{b62x17}/{b64x28}/{b64x30}/?sc=false",
        '<img src="{url}" alt="" style="width:0px;max-height:0px;border:none" width="0" height="0" border="0">',
        SIGNATURE,
    ),
    Shape(
        "tr spacer",
        "http://mailstatus.test/tr/t/{b62x16}/5/spacer.gif",
        '<div style="display:inline"><img src="{url}" border="0" width="0" height="0"></div>',
        SIGNATURE,
    ),
    Shape("short gif", "http://s.tagmail-1.example/{b62x7}.gif", '<img src="{url}" style="display:none" alt="">'),
    Shape(
        "guid, user, organisation",
        "https://tracking.salesinsight.example/track?guid={uuid}&userid=0{b62x17}&orgid=0{same_b62x17}",
        '<img src="{url}" style="width:1px;height:1px;border:0">',
    ),
    Shape(
        "session and address",
        "https://contactape.example/api/v1/tracker?cm_session={uuid}&cm_type=open&cm_user_email={email}",
        '<img src="{url}" width="1" height="1" border="0">',
    ),
    Shape(
        "base32 gif",
        "https://app.reachout-seq.test/api/mailings/opened/PMRGSZBCHI{b32x160}.gif",
        '<img src="{url}" alt="" width="1" height="1" style="max-width:1px;max-height:1px">',
    ),
    Shape(
        "email_trackers",
        "https://www3.saleslift.example/email_trackers/{uuid}/open.gif",
        '<img src="{url}" width="1" height="1" alt="">',
    ),
    Shape(
        "image of id and address",
        "https://gmel.example/v2/t/image/{b64x96}.gif",
        '<img style="height:1px;width:1px;overflow:hidden" src="{url}">',
    ),
    Shape(
        "countopened",
        "https://app.saleshand.test/web/email/countopened/{num7}?userid={num5}",
        '<img src="{url}" style="display:none;width:0;height:0">',
    ),
    Shape("pixel and rid", "https://mltr.example/pixel/{b62x20}?rid={b62x20}", ONE),
    Shape(
        "api trk",
        "http://a.insightful-crm.test/api/trk?id=emailopen&i={same_num6}&eid={num8}&env=https%3a%2f%2fapp.insightful-crm.test",
        '<img src="{url}" height="1" width="1">',
    ),
    Shape("ns and s", "https://list.agile-crm-mail.test/open?ns={same_low6}&s={time}{num3}", '<img src="{url}" nosend="1">'),
    Shape(
        "email-event",
        "https://app.mailtagger.example/email-event/{uuid}.png?ts={time}",
        '<img src="{url}" width="1" height="1" style="display:block;opacity:0">',
    ),
    Shape("b hash png", "https://www.trackletter.example/b/{hex32}.png", '<img src="{url}" style="border:none" alt="">'),
    Shape("track hash gif", "https://api.openbrackets.test/track/{hex32}.gif", HIDDEN),
    Shape("v2 open id", "https://api.topbox.example/track/v2/open?id={uuid}", ZERO, SIGNATURE),
    Shape(
        "tag of hashes",
        "https://tr.cloudmail-app.test/h/v6/emailtag/tag/2.0/{time}/{hex32}/2/{hex32_b}/{hex32_c}/{hex32_d}/newmail.gif",
        '<img src="{url}" style="width:0px;height:0px;" alt="">',
    ),
    Shape(
        "gm id and address",
        "https://bb.bixels.example/v1/track/open/{uuid}/gm%3A{hex16}/{email}/",
        '<img src="{url}" width="1" height="1">',
    ),
    Shape("zero.jpg", "http://ww1.mailcase.test/case/{hex16}/zero.jpg", '<img src="{url}" height="1" width="1">'),
    Shape("worker.jpg", "http://xpost.example/{hex32}worker.jpg", '<img src="{url}" width="1" height="1" border="0" alt="">'),
    Shape(
        "signature.gif",
        "https://my-signature-link.test/signature.gif?u={num6}&e={num8}&v={hex64}",
        '<img src="{url}" style="width:1px;height:1px" alt="">',
        SIGNATURE,
    ),
    Shape(
        "seen by conversation",
        "https://web.frontdesk-mail.test/api/1/noauth/companies/{same_low9}/seen/msg_{low7}/{hex8}.gif",
        '<img style="width:1px;height:1px" src="{url}">',
    ),
    Shape(
        "email_opened",
        "https://app.closing-crm.example/email_opened/acti_{b62x42}/",
        '<img alt="" src="{url}" style="display:none" width="0" height="0">',
    ),
    Shape(
        "v2 z",
        "https://share.polypost.test/v2/z/a/{b64x16}/{b64x240}.png",
        '<img src="{url}" alt="" style="width:0px;height:0px;" width="0px" height="0px">',
        SIGNATURE,
    ),
    Shape(
        "receipt of an address hash",
        "https://receipts.finchmail.example/track/{hash40email}_{hex32}.png",
        '<img id="finch-{hex8}" src="{url}" width="0px" height="0px">',
    ),
    Shape("hit", "https://bowtie.mailservant.example/tracking/hit/{uuid}/t.gif", '<img src="{url}" width="1px" height="1px">'),
    Shape(
        "mail merge",
        "https://merge-track.app-host.test/{b64x140}",
        '<img src="{url}" alt="beacon" style="display: block; height: 1px; width: 1px;" width="1" height="1">',
    ),
    # Customer databases and libraries, mostly on the sender's own domain.
    Shape("mail track blank", "https://odoo.{brand}/mail/track/{num6}/{hex64}/blank.gif", PLAIN),
    Shape(
        "mark as seen",
        "https://erp.{brand}/api/method/erp.core.communication.email.mark_email_as_seen?name={hex10}",
        '<img src="{url}"/>',
    ),
    Shape(
        "entryPoint",
        "https://crm.{brand}/index.php?entryPoint=image&identifier={uuid}",
        '<img alt="" height="1" width="1" src="{url}" />',
    ),
    Shape(
        "messages open",
        "https://www.{brand}/ahoi/messages/{b62x32}/open.gif",
        '<img width="1" height="1" alt="" src="{url}">',
    ),
    Shape("payload", "https://mail.{brand}/tracking/open/{json64}", PLAIN),
    Shape(
        "two uuids",
        "https://lists.{brand}/campaign/{uuid}/{uuid_b}/px.png",
        '<img src="{url}" alt="" />',
    ),
    Shape(
        "message id of a cloud",
        "https://{same_low8}.r.eu-west-1.cloudtrack.test/I0/01{hex14}-{uuid}-000000/{b64x27}=33",
        '<img alt="" src="{url}" style="display: none; width: 1px; height: 1px;">',
    ),
    Shape(
        "wf open",
        "https://url{same_num4}.{brand}/wf/open?upn=u001.{b62x40}-2B{b62x120}-3D",
        '<img src="{url}" alt="" width="1" height="1" border="0" style="height:1px !important;width:1px !important;'
        "border-width:0 !important;margin-top:0 !important;margin-bottom:0 !important;margin-right:0 !important;"
        "margin-left:0 !important;padding-top:0 !important;padding-bottom:0 !important;padding-right:0 !important;"
        'padding-left:0 !important;"/>',
    ),
    Shape(
        "o and message",
        "https://email.mg.{brand}/o/eJw{b64x180}",
        '<img width="1px" height="1px" alt="" src="{url}">',
    ),
    Shape(
        "mark of a form",
        "https://{brand}/email/{hex13}.gif",
        '<img height="1" width="1" src="{url}" alt="" />',
    ),
    # Home-made, on cloud functions.
    Shape(
        "function with three ids",
        "https://us-central1-{same_low7}-prod.cloud-functions.test/trackEmailOpen?lid={b62x20}&cid={same_b62x20}&dbid={same_num2}",
        '<img src="{url}" width="1" height="1" style="display:none;" alt="" />',
    ),
    Shape("function address", "https://{same_low32}.lambda-url.eu-central-1.run-host.test/?m={uuid}", HIDDEN),
    Shape(
        "worker", "https://pixie.{same_low6}.edge-workers.test/p/{b64x22}.gif", '<img src="{url}" width="1" height="1">', TOP
    ),
    Shape(
        "script of a sheet",
        "https://script.sheet-apps.example/macros/s/AKfycb{same_b64x50}/exec?email={b64email}&row={num2}",
        '<img src="{url}" style="width:0;height:0;">',
    ),
    Shape("api open", "https://open-tracker-{same_low5}.vercell.test/api/open?mid={hex12}&v={num13}", PLAIN),
    # General forms.
    Shape("24 hex, pixel.png", "https://t.{brand}/{hex24}/pixel.png", ONE),
    Shape("logo.png of one point", "https://mail.outbound-kit.example/o/{b62x18}/logo.png", ONE),
    Shape("uuid png, not displayed", "https://assets.{brand}/{uuid}.png", '<img src="{url}" style="display:none">', SIGNATURE),
    Shape("no size, no name", "https://o.{brand}/{num9}", PLAIN),
    Shape("background of a box", "https://px.letterlog.test/b/{hex20}", '<div style="background:url({url})"></div>'),
    Shape(
        "background of a class",
        "https://read.{brand}/css/{b62x16}.png",
        "<style>.r{{background-image:url('{url}');width:1px;height:1px}}</style><div class=\"r\"></div>",
    ),
    Shape(
        "background of a cell",
        "https://img.postal-eye.example/c/{num10}.gif",
        '<table cellpadding="0" cellspacing="0" border="0"><tr><td background="{url}" width="1" height="1"></td></tr></table>',
    ),
    Shape(
        "a line as wide as the mail",
        "https://cdn.{brand}/line.png?id={hex16}",
        '<img src="{url}" width="600" height="1" style="display:block;border:0" alt="">',
        SIGNATURE,
    ),
    Shape(
        "small square said to be 16 points",
        "https://s.{brand}/i/{hex24}.png",
        '<img src="{url}" width="16" height="16" alt="" style="opacity:0">',
    ),
    Shape(
        "address in the path, transparent",
        "https://api.{brand}/email_opened/{num8}/{email}",
        '<img src="{url}" style="opacity:0;">',
    ),
    Shape(
        "moved out of sight",
        "https://www.{brand}/static/img/{hex32}.jpg",
        '<img src="{url}" style="position:absolute;left:-9999px;top:-9999px" alt="">',
        TOP,
    ),
)

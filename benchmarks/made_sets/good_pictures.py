"""Sixty pictures that a one-to-one letter has and that tell nobody that it was read: the same URL for every recipient.

A row is the kind, the URL's pattern, the declared width and height (0: not declared), the alt text, the CSS and whether the
picture is a link. The URLs follow what web sites, site builders, signature tools, mail clients, picture hosts and object
stores publish.
"""

from __future__ import annotations

from typing import NamedTuple


class Good(NamedTuple):
    kind: str
    url: str
    width: int
    height: int
    alt: str
    css: str
    linked: bool
    in_text: bool = False
    """It stands in the text, not in the signature."""


LOGO, PHOTO, SOCIAL, AWARD, BANNER = "signature logo", "photo of the writer", "social badge", "award badge", "signature banner"
SHOT, SPACER, HASHED, STORED = "picture in the text", "spacer of a signature tool", "named by content hash", "object store"

PICTURES = (
    Good(LOGO, "https://www.{brand}/wp-content/uploads/2023/05/logo-300x90.png", 150, 45, "{brand}", "", True),
    Good(LOGO, "https://www.{brand}/images/logo.gif", 120, 40, "", "border:0", False),
    Good(LOGO, "https://{brand}/static/email/logo@2x.png", 96, 0, "Logo", "width:96px;height:auto", True),
    Good(LOGO, "http://{brand}/sig.jpg", 200, 60, "", "", False),
    Good(LOGO, "https://cdn.{brand}/brand/2024/wordmark-dark.png?v=3", 140, 32, "", "display:block", True),
    Good(LOGO, "https://static.wixy.test/media/{same_hex6}_{same_hex32}~mv2.png/v1/fill/w_120,h_40,al_c/logo.png",
         120, 40, "Logo",
         "", True),
    Good(LOGO, "https://static1.squarely.test/static/{same_hex24}/t/{same_hex24_b}/1612345678901/logo.png?format=300w", 150, 0,
         "", "max-width:150px", False),
    Good(LOGO, "https://{same_num7}.fs1.hubmail-usercontent.test/hubfs/{same_num7}/logo_small.png", 110, 36, "", "", True),
    Good(LOGO, "https://cdn.shoply.test/s/files/1/{same_num4}/{same_num4_b}/files/logo_180x.png?v=1614735437", 90, 0, "",
         "display:block", True),
    Good(LOGO, "https://ci3.mail-usercontent.test/mail-sig/AIorK4{same_b64x66}", 96, 48, "", "", False),
    Good(LOGO, "https://lh3.mail-usercontent.test/d/1{same_b64x32}=w200", 200, 0, "", "", False),
    Good(LOGO, "https://res.cloud-pics.test/{same_low9}/image/upload/v1649/{same_low20}.png", 160, 50, "Company logo", "",
         True),
    Good(LOGO, "https://www.{brand}/uploads/{same_hex13}.png", 100, 100, "", "", False),
    Good(LOGO, "https://media.{brand}/sites/default/files/inline-images/logo_0.png", 0, 0, "logo", "", False),
    Good(LOGO, "https://sig.{brand}/logo-de.png", 180, 52, "Unser Logo", "display:block;border:none", True),
    Good(PHOTO, "https://www.{brand}/team/portraits/{same_low8}.jpg", 80, 80, "", "border-radius:50%", False),
    Good(PHOTO, "https://img.mysign.test/p/6/1/e/{same_uuid}.png?time={same_num10}", 100, 100, "photo", "border-radius:50px",
         True),
    Good(PHOTO, "https://d36{same_low11}.cloud-front.test/u/{same_b62x16}/{same_uuid}__400x400__.jpeg", 65, 65, "photo", "",
         True),
    Good(PHOTO, "https://secure.grav-icon.test/avatar/{md5sender}?s=100", 100, 100, "{sender}", "border-radius:50%", False),
    Good(PHOTO, "https://media.worklink.test/dms/image/C4E03{same_b64x18}/profile-displayphoto-shrink_200_200/0/15{same_num11}",
         90, 90, "", "", True),
    Good(PHOTO, "https://s3.amazing-cloud.test/{same_low6}-signatures/users/{same_num5}/headshot.png", 72, 72, "",
         "display:block",
         False),
    Good(PHOTO, "https://www.{brand}/bilder/ansprechpartner.jpg", 110, 140, "Ihr Ansprechpartner", "", False),
    Good(PHOTO, "https://{same_low10}.blob.storage-cloud.test/public/email/portrait-157x157.jpeg", 0, 0, "", "display:block",
         True),
    Good(SOCIAL, "https://cdn-images.sigtool.test/social/linkedin/24.png", 24, 24, "LinkedIn", "", True),
    Good(SOCIAL, "https://www.{brand}/img/icons/in.png", 16, 16, "", "", True),
    Good(SOCIAL, "https://s3.amazing-cloud.test/sigicons/square/facebook-20.png", 20, 20, "facebook", "border:0", True),
    Good(SOCIAL, "https://img.badge-shields.test/badge/chat-on%20matrix-green.svg", 0, 20, "chat", "", True),
    Good(SOCIAL, "https://codehub.test/fluidicon.png", 18, 18, "", "vertical-align:middle", True),
    Good(SOCIAL, "https://assets.meet-cal.test/badges/book_a_time.png?rev=9", 120, 28, "Book a time with me", "", True),
    Good(AWARD, "https://www.trust-awards.test/badges/2025/top-workplace-90.png", 90, 90, "Top workplace 2025", "", True),
    Good(AWARD, "https://badges.review-stars.test/{same_num6}/badge-horizontal.png", 160, 60, "Reviews", "", True),
    Good(AWARD, "https://images.credlies.test/images/{same_uuid}/size/110x110/certified.png", 55, 55, "Certified", "", True),
    Good(AWARD, "https://www.{brand}/fileadmin/iso9001.gif", 70, 70, "ISO 9001", "border:0", False),
    Good(AWARD, "https://cdn.bcorp-seal.test/seal_black.svg", 48, 72, "", "", False),
    Good(AWARD, "https://best-lawyers.example/firm-logo/{same_num5}", 120, 60, "Recognised by Best Lawyers", "", True),
    Good(BANNER, "https://www.{brand}/mail/banner-winter-fair.jpg", 500, 100, "Meet us at the winter fair", "", True),
    Good(BANNER, "https://campaigns.sig-manager.test/banners/{same_num5}/{same_uuid}.png", 468, 60, "", "display:block", True),
    Good(BANNER, "https://images.{brand}/email-signature/2025-q4.png", 600, 0, "", "max-width:600px;width:100%", True),
    Good(BANNER, "https://cdn.{brand}/{same_hex8}/webinar.gif", 400, 80, "Webinar", "", True),
    Good(BANNER, "https://www.{brand}/_next/static/media/sig.{same_hex8}.png", 320, 64, "", "", False),
    Good(SHOT, "https://i.imagur.test/{same_b62x7}.png", 0, 0, "", "", False, True),
    Good(SHOT, "https://user-images.code-usercontent.test/{same_num8}/{same_num9}-{same_uuid}.png", 640, 0, "image", "",
         False, True),
    Good(SHOT, "https://i.postpics.test/{same_b62x8}/screenshot.png", 480, 320, "", "", True, True),
    Good(SHOT, "https://snipboards.test/{same_b62x6}.jpg", 0, 0, "Screenshot", "max-width:100%", False, True),
    Good(SHOT, "https://share.{brand}/index.php/s/{same_b62x15}/preview", 560, 0, "", "", False, True),
    Good(SHOT, "https://upload.free-encyclopedia.test/commons/thumb/{same_hex1}/{same_hex2}/Bridge.jpg/640px-Bridge.jpg",
         640, 427,
         "", "", False, True),
    Good(SHOT, "https://photos.{brand}/holiday/IMG_20250814_{same_num6}.jpg", 800, 600, "", "width:100%", False, True),
    Good(SHOT, "https://media.giphs.test/media/{same_b62x18}/giphy.gif", 245, 180, "thumbs up", "", False, True),
    Good(SPACER, "https://cdn.sigtool.test/assets/spacer.gif", 1, 10, "", "display:block", False),
    Good(SPACER, "https://www.{brand}/sig/blank.png", 0, 0, "", "display:none", False),
    Good(SPACER, "https://static.sig-manager.test/v3/transparent.gif", 10, 1, "", "border:0;display:block", False),
    Good(SPACER, "https://my.newstamp.test/assets/spacer-1x1.png", 1, 1, "", "display:block;width:1px;height:8px", False),
    Good(HASHED, "https://assets.{brand}/9f/86/{same_hex64}.png", 120, 48, "", "", True),
    Good(HASHED, "https://static.{brand}/assets/logo-{same_hex64}.png", 130, 44, "Logo", "", True),
    Good(HASHED, "https://pics.{brand}/{same_hex40}.jpg", 300, 200, "", "display:block", False, True),
    Good(HASHED, "https://cdn.share-review.test/{same_uuid}/img.png", 138, 138, "", "", False),
    Good(HASHED, "https://content.app-builder.test/filestore/{same_hex32}/{same_b62x11}.png", 90, 30, "", "", True),
    Good(STORED, "https://firebase-objects.test/v0/b/{same_low8}.appspot/o/logo.png?alt=media&token={same_uuid}", 120, 40, "",
         "",
         True),
    Good(STORED, "https://dl.dropfiles.test/s/{same_low15}/signature.png?raw=1", 220, 70, "", "", False),
    Good(STORED, "https://{same_low8}.sharefolder.test/sites/brand/_layouts/15/download.aspx?share=E{same_b64x44}", 160, 0, "",
         "",
         False),
)  # fmt: skip
"""The pictures; a field that begins with ``same_`` is the same for every recipient of the writer's mails."""

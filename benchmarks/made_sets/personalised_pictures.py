"""Twenty kinds of pictures that are made for one recipient and are there to be looked at, five of each.

A row is the sender's domain, the URL's pattern, the declared width and height (0: not declared), the alt text, the CSS and
whether the picture is a link. The URLs follow the public documentation of services that make such pictures: live pictures
with merge fields, text overlays, static maps, chart and barcode services, signed links to object stores.
"""

from __future__ import annotations

from typing import NamedTuple


class Picture(NamedTuple):
    sender: str
    url: str
    width: int
    height: int
    alt: str
    css: str
    linked: bool


KINDS: dict[str, tuple[str, tuple[Picture, ...]]] = {
    "boarding pass": (
        "your boarding pass",
        (
            Picture("skylark-air.example", "https://checkin.{brand}/bp/{uuid}.png", 320, 520, "Boarding pass", "", False),
            Picture(
                "nordwind.test",
                "https://mobile.{brand}/boardingpass/image?token={jwt}",
                600, 240, "Boarding pass for {name}", "display:block;width:100%;max-width:600px;height:auto", True,
            ),
            Picture(
                "fly-meridian.example",
                "https://mbp.aero-services.test/v2/{same_low6}/pass/{b62x22}/large.png",
                280, 280, "Boarding pass barcode", "display:block", False,
            ),
            Picture(
                "aviata.example",
                "https://docs.{brand}/generate/bp.jpg?pnr={b32x6}&seq={num3}&sig={hex40}",
                560, 0, "Your boarding pass", "display:block;border:0;width:560px;height:auto", True,
            ),
            Picture(
                "pacific-hop.test",
                "https://passes.{brand}/{hex32}/front@2x.png",
                375, 600, "", "display:block;margin:0 auto", True,
            ),
        ),
    ),
    "ticket barcode": (
        "your ticket",
        (
            Picture(
                "stagefront.example",
                "https://barcodes.{brand}/qr?data={num18}&size=300", 300, 300, "QR code of your ticket", "", False,
            ),
            Picture(
                "railplus.test", "https://tickets.{brand}/aztec/{b64x43}.png", 220, 220, "Ticket", "display:block", False,
            ),
            Picture(
                "cinepolis-west.example",
                "https://api.qr-maker.test/v1/create-qr-code/?size=200x200&data=CW-{num10}",
                200, 200, "Scan at the entrance", "border:0", False,
            ),
            Picture(
                "openair-festival.example",
                "https://cdn.{brand}/etickets/{num8}/{hex16}/barcode_code128.gif",
                420, 96, "Barcode {num18}", "display:block;border:8px solid #fff", False,
            ),
            Picture(
                "museum-pass.test",
                "https://img.{brand}/t/{uuid}/qr.svg?v=2",
                180, 180, "", "width:180px;height:180px;display:block", True,
            ),
        ),
    ),
    "parcel photo": (
        "the photo of your delivered parcel",
        (
            Picture(
                "quickparcel.example", "https://pod.{brand}/photo/{num14}.jpg?k={hex24}", 560, 420, "Photo of your parcel",
                "display:block;width:100%;max-width:560px", True,
            ),
            Picture(
                "paketbote.test",
                "https://s3.eu-central-1.cloud-objects.test/{same_low8}-pod/{hex32}.jpeg?X-Amz-Algorithm=AWS4-HMAC-SHA256"
                "&X-Amz-Date=20251130T083012Z&X-Amz-Expires=604800&X-Amz-SignedHeaders=host&X-Amz-Signature={hex64}",
                480, 640, "Your parcel at the door", "display:block", False,
            ),
            Picture(
                "doorstep-logistics.example",
                "https://delivery-images.{brand}/{uuid}/large.jpg", 600, 450, "Delivery photo", "", True,
            ),
            Picture(
                "citycourier.test",
                "https://track.{brand}/api/shipments/{b32x12}/proof/image",
                400, 300, "Proof of delivery", "border-radius:6px", True,
            ),
            Picture(
                "boxly.example",
                "https://media.{brand}/p/{b62x27}?w=1200&h=800&fit=crop",
                1200, 800, "", "width:100%;height:auto;display:block", True,
            ),
        ),
    ),
    "delivery map": (
        "the map of your delivery",
        (
            Picture(
                "quickparcel.example",
                "https://maps.map-tiles.test/maps/api/staticmap?center=48.{num5},11.{num5}&zoom=15&size=600x300"
                "&markers=color:red%7C48.{num5_b},11.{num5_b}&key=AIza{b64x35}&signature={b64x27}=",
                600, 300, "Map of your delivery", "display:block", True,
            ),
            Picture(
                "foodrunner.example", "https://maps.{brand}/live/{uuid}.png", 560, 280, "Where your order is",
                "display:block;width:100%", True,
            ),
            Picture(
                "paketbote.test",
                "https://static.mapkit.test/styles/v1/{same_low7}/streets/static/pin-s+f00(13.{num4},52.{num4})"
                "/13.{num4},52.{num4},14/500x250@2x?access_token=pk.{jwt}",
                500, 250, "Delivery address on a map", "", False,
            ),
            Picture(
                "doorstep-logistics.example",
                "https://img.{brand}/eta-map/{num12}/{hex20}.jpg", 600, 0, "", "display:block;width:600px;height:auto", True,
            ),
            Picture(
                "greengrocer-box.test",
                "https://geo.{brand}/stop.png?order={num9}&c={md5email}", 540, 320, "Your stop on today's tour", "", True,
            ),
        ),
    ),
    "route map": (
        "the map of your ride",
        (
            Picture(
                "ridewell.example", "https://trips.{brand}/map/{hex24}/receipt.png", 480, 240, "Route of your trip",
                "display:block", False,
            ),
            Picture(
                "velo-share.test",
                "https://static.mapkit.test/v4/path-4+0af({b64x60})/auto/600x400.png?access_token=pk.{b62x60}",
                600, 400, "Map of your ride", "width:100%;max-width:600px", True,
            ),
            Picture(
                "runmate.example",
                "https://d3n{same_low11}.cloud-front.test/{uuid}/activity_map_large.png?Expires={time}&Signature={b64x120}"
                "&Key-Pair-Id=K{b32x13}",
                640, 360, "Your run in the park", "", True,
            ),
            Picture(
                "taxi-nord.test", "https://quittung.{brand}/karte/{num9}-{hex12}.gif", 420, 210, "Fahrtroute", "border:0",
                False,
            ),
            Picture(
                "hike-log.example", "https://render.{brand}/t?u={num7}&a={num10}&h={hex16}", 580, 300, "", "display:block",
                True,
            ),
        ),
    ),
    "usage chart": (
        "your usage chart",
        (
            Picture(
                "phonehaus.example",
                "https://quickcharts.test/chart?w=500&h=300&c=%7Btype%3A%27bar%27%2Cdata%3A%7Blabels%3A%5B%27Sep%27%2C%27Oct%27"
                "%2C%27Nov%27%5D%2Cdatasets%3A%5B%7Bdata%3A%5B{num2}%2C{num2_b}%2C{num2_c}%5D%7D%5D%7D%7D",
                500, 300, "Your data use in the last three months", "", False,
            ),
            Picture(
                "cloudly.test", "https://reports.{brand}/render/{uuid}/usage.png", 560, 280, "Usage this month",
                "display:block;width:100%", True,
            ),
            Picture(
                "writewell.example", "https://insights.{brand}/weekly/{num8}/2025-48/chart@2x.png", 520, 200,
                "Words written a day", "", True,
            ),
            Picture(
                "screen-balance.test", "https://chart.{brand}/i/{b64x48}", 480, 240, "Screen time", "border:0;display:block",
                False,
            ),
            Picture(
                "metrics-hub.example",
                "https://app.{brand}/embed/chart.png?project={num6}&exp={time}&sig={signature}",
                600, 320, "", "display:block;max-width:100%", True,
            ),
        ),
    ),
    "energy chart": (
        "your energy report",
        (
            Picture(
                "stadtstrom.example", "https://energy-reports.{brand}/charts/{hex32}.png",
                540, 260, "Ihr Verbrauch im November",
                "display:block", False,
            ),
            Picture(
                "brightpower.test", "https://img.{brand}/her/{num10}/neighbors.png?t={hex12}", 560, 190,
                "You compared with similar homes", "width:100%;max-width:560px;height:auto", True,
            ),
            Picture(
                "solarfox.example", "https://portal.{brand}/plant/{uuid}/yield.svg", 600, 300, "Yield of your system", "", True,
            ),
            Picture(
                "gaswerk.test",
                "https://graph.mail-render.test/{same_num5}/line?acct={num9}&mac={b64x22}", 500, 250, "Gas use", "", False,
            ),
            Picture(
                "voltaic.example", "https://i.{brand}/e/{b62x12}/{b62x12_b}.jpg", 580, 0, "", "display:block;width:580px", True,
            ),
        ),
    ),
    "countdown timer": (
        "the countdown",
        (
            Picture(
                "velvet-shoes.example", "https://gen.countdown-mail.test/{same_b62x10}/{hex16}.gif", 600, 120,
                "Time left until the sale ends", "display:block", True,
            ),
            Picture(
                "gadget-barn.test",
                "https://timer.{brand}/live.gif?end=2025-12-01T23:59:59&u={num8}", 400, 100, "Ends soon", "border:0", True,
            ),
            Picture(
                "homeware-co.example", "https://live.motion-pics.test/countdown/{same_hex8}?mi_u={hex32}", 640, 140, "",
                "width:100%;max-width:640px;display:block", True,
            ),
            Picture(
                "seminar-house.test", "https://cdt.{brand}/c/{uuid}.gif", 360, 90, "Registration closes in", "", False,
            ),
            Picture(
                "toy-attic.example", "https://img1.live-pics.test/img/{same_b62x6}/{b62x24}/timer.gif", 500, 110,
                "Hurry, your basket is reserved", "display:block", True,
            ),
        ),
    ),
    "name banner": (
        "a picture with your name",
        (
            Picture(
                "velvet-shoes.example",
                "https://img1.nifty-live.test/mrg/{same_b62x5}/{same_b62x4}/image.jpg?fname={first}&uid={num7}",
                600, 250, "Happy birthday, {first}!", "display:block", True,
            ),
            Picture(
                "bookcellar.test",
                "https://res.cloud-overlay.test/{same_low9}/image/upload/l_text:Lobster_64:{first}%20{last},co_white,y_-40"
                "/s--{b64x8}--/v1764/banner.jpg",
                640, 320, "{first}, your year in books", "width:100%", True,
            ),
            Picture(
                "coffee-club.example", "https://p.{brand}/personal/{hex24}/hero.png", 600, 300, "Hello {first}", "", True,
            ),
            Picture(
                "fit-republic.test",
                "https://images.imgxx.test/banners/{same_hex8}.png?txt64={b64email}&txt-size=48&s={hex32}",
                560, 200, "", "display:block;height:auto", True,
            ),
            Picture(
                "alumni-fund.example", "https://cards.{brand}/greeting/{num6}/{hex10}.jpg", 500, 350,
                "A card for {first}", "border:1px solid #ddd", False,
            ),
        ),
    ),
    "loyalty card": (
        "your loyalty card",
        (
            Picture(
                "coffee-club.example", "https://wallet.{brand}/card/{num16}/front.png?sig={hex20}", 340, 214,
                "Your Coffee Club card", "border-radius:12px", True,
            ),
            Picture(
                "drogerie-plus.test", "https://barcode.{brand}/ean13/{num13}.gif", 250, 80, "Kundenkarte", "display:block",
                False,
            ),
            Picture(
                "grocer-one.example", "https://loyalty-img.test/{same_num4}/render?member={num12}&style=green", 320, 200,
                "Member number {num12}", "", True,
            ),
            Picture(
                "pet-corner.test", "https://cards.{brand}/v1/{jwt}.png", 300, 190, "", "display:block;margin:auto", True,
            ),
            Picture(
                "airmiles-union.example", "https://img.{brand}/mc/{b62x16}", 380, 240, "Gold card of {name}", "border:0", True,
            ),
        ),
    ),
    "coupon barcode": (
        "your coupon",
        (
            Picture(
                "drogerie-plus.test", "https://coupon.{brand}/bc/{num13}.png", 280, 90, "Coupon 10 %", "display:block", False,
            ),
            Picture(
                "burger-barn.example", "https://offers.{brand}/code/{b32x10}/qr.png?s=240", 240, 240, "Show this code", "",
                False,
            ),
            Picture(
                "fashion-loft.test",
                "https://barcode-service.test/generate?type=code128&data=FL{num10}&dpi=96&hash={hex32}",
                320, 100, "Your voucher code", "border:0", True,
            ),
            Picture(
                "garden-land.example", "https://pics.{brand}/voucher/{uuid}/image.jpg", 560, 220, "15 euros for you",
                "display:block;width:100%;max-width:560px", True,
            ),
            Picture(
                "optik-klar.test", "https://m.{brand}/g/{hex8}/{hex16}.gif", 300, 120, "", "display:block", True,
            ),
        ),
    ),
    "seat map": (
        "your seat",
        (
            Picture(
                "stagefront.example", "https://seatmaps.{brand}/event/{same_num6}/seat/{num7}.png", 500, 360,
                "Your seats in the hall", "", False,
            ),
            Picture(
                "skylark-air.example", "https://seats.{brand}/render?b={b32x6}&leg=1&t={hex24}", 420, 160, "Seat on the plane",
                "display:block", True,
            ),
            Picture(
                "railplus.test", "https://sitzplan.{brand}/wagen/{uuid}.svg", 560, 140, "Ihr Sitzplatz", "width:100%", False,
            ),
            Picture(
                "stadium-nine.example", "https://vv.venue-views.test/{same_num4}/view/{b62x18}.jpg",
                600, 340, "View from your seat",
                "display:block", True,
            ),
            Picture(
                "cinepolis-west.example", "https://img.{brand}/s/{num5}/{hex12}?w=480", 480, 300, "", "border:0", True,
            ),
        ),
    ),
    "contact photo": (
        "the photo of your contact",
        (
            Picture(
                "worklink.example", "https://media.{brand}/dms/image/{b64x22}/profile-shrink_100_100/0/{num13}?e={num10}"
                "&v=beta&t={b64x43}", 64, 64, "Photo of your new contact", "border-radius:50%", True,
            ),
            Picture(
                "flatmates.test", "https://avatars.{brand}/u/{num8}?s=96&m={hex16}", 48, 48, "Avatar", "border-radius:24px",
                True,
            ),
            Picture(
                "tutor-match.example", "https://cdn.{brand}/match/{uuid}/tutor.jpg", 120, 120, "Your tutor", "", True,
            ),
            Picture(
                "teamboard.test", "https://secure.grav-icon.test/avatar/{md5email}?s=80&d=mm&r=g", 40, 40, "",
                "border-radius:20px;display:block", False,
            ),
            Picture(
                "care-circle.example", "https://photos.{brand}/nurse/{b62x20}.png", 160, 160, "Your carer tomorrow", "", False,
            ),
        ),
    ),
    "signature photo": (
        "the signature for your parcel",
        (
            Picture(
                "quickparcel.example", "https://pod.{brand}/signature/{num14}/{hex16}.gif",
                300, 120, "Signature of the recipient",
                "border:1px solid #ccc", False,
            ),
            Picture(
                "paketbote.test", "https://sig.{brand}/unterschrift?sendung={num12}&h={hex32}", 280, 100, "Unterschrift", "",
                False,
            ),
            Picture(
                "esign-desk.example", "https://docs.{brand}/envelopes/{uuid}/signhere.png",
                400, 160, "Your signature is required",
                "display:block", True,
            ),
            Picture(
                "citycourier.test", "https://track.{brand}/api/pod/{b62x26}/sign.png", 320, 140, "Signed at the door", "", True,
            ),
            Picture(
                "furniture-direct.example", "https://img.{brand}/delivery/{num9}/proof-{hex10}.jpg", 480, 360, "",
                "display:block;max-width:100%", True,
            ),
        ),
    ),
    "invoice preview": (
        "your invoice",
        (
            Picture(
                "ledgerly.example", "https://files.{brand}/invoices/{uuid}/preview.png", 420, 594, "Preview of invoice",
                "border:1px solid #ddd", True,
            ),
            Picture(
                "webhost-nine.test", "https://billing.{brand}/pdf2img/{num8}.jpg?token={hex40}", 300, 424, "Invoice {num8}",
                "", True,
            ),
            Picture(
                "craft-market.example", "https://thumbs.{brand}/doc/{b64x32}_600.png", 600, 0, "Your receipt",
                "width:600px;height:auto;display:block", True,
            ),
            Picture(
                "steuerkontor.test",
                "https://kontor.blob.storage-cloud.test/belege/{hex32}.png?sv=2023-11-03&se=2025-12-30T00%3A00%3A00Z&sr=b&sp=r"
                "&sig={signature}", 500, 700, "Beleg", "", False,
            ),
            Picture(
                "mobile-one.example", "https://bill.{brand}/img/{num10}/{hex8}", 540, 280, "", "display:block", True,
            ),
        ),
    ),
    "live score or weather": (
        "the weather at your place",
        (
            Picture(
                "weather-desk.example", "https://live.{brand}/card/{hex24}.png", 600, 180, "Weather at your place", "", True,
            ),
            Picture(
                "football-daily.test", "https://scores.live-pics.test/{same_b62x8}/team.png?fan={num8}", 560, 160,
                "Score of your team", "display:block", True,
            ),
            Picture(
                "travel-nest.example", "https://wx.{brand}/dest?b={num9}&sig={hex16}", 520, 130, "Forecast for your trip", "",
                False,
            ),
            Picture(
                "ski-alps.test", "https://rt.motion-pics.test/p/rp/{same_hex16}.png?mi_u={b64email}&mi_resort={same_num3}",
                640, 200, "Snow report", "width:100%;display:block", True,
            ),
            Picture(
                "farm-advisor.example", "https://img.{brand}/field/{uuid}", 580, 220, "", "border:0", True,
            ),
        ),
    ),
    "recommendation picture": (
        "our picks for you",
        (
            Picture(
                "fashion-loft.test", "https://rec.{brand}/image?slot=1&cid={num9}&k={hex12}", 280, 350, "Picked for you",
                "display:block", True,
            ),
            Picture(
                "bookcellar.test", "https://r.reco-engine.test/{same_low8}/{md5email}/0.jpg", 180, 270, "Your next book", "",
                True,
            ),
            Picture(
                "homeware-co.example", "https://pics.reco-engine.test/v1/emails/{uuid}/products/2/image", 260, 260,
                "You may like this", "width:100%;max-width:260px", True,
            ),
            Picture(
                "streambox.example", "https://art.{brand}/row/{b64x64}/3.webp", 200, 113, "Because you watched it", "", True,
            ),
            Picture(
                "wine-cellar.test", "https://i.{brand}/p/{b62x14}/{num2}.png", 240, 300, "", "display:block;border:0", True,
            ),
        ),
    ),
    "video thumbnail": (
        "a short video for you",
        (
            Picture(
                "leadflow.example", "https://thumbs.clip-sales.test/{uuid}/animated.gif", 480, 270, "Video for {first}", "",
                True,
            ),
            Picture(
                "schoolyard.test", "https://play.vid-yards.test/{b62x22}.jpg?vyemail={email}", 600, 338, "Play the video",
                "display:block;width:100%", True,
            ),
            Picture(
                "dental-care.example", "https://share.{brand}/vid/{hex24}/thumb.png", 520, 293, "A message from your dentist",
                "border-radius:8px", True,
            ),
            Picture(
                "auto-house.test", "https://img.hyper-face.test/i/{same_b62x7}.png?email={email}&utm_first={first}", 560, 315,
                "{first}, look at your car", "", True,
            ),
            Picture(
                "estate-view.example", "https://cdn.loomers.test/sessions/thumbnails/{hex32}-with-play.gif", 600, 338, "",
                "display:block", True,
            ),
        ),
    ),
    "appointment picture": (
        "your appointment",
        (
            Picture(
                "dental-care.example", "https://cal.{brand}/card/{uuid}.png", 400, 200, "Your appointment on Tuesday", "", True,
            ),
            Picture(
                "barber-lane.test", "https://booking-pics.test/{same_num5}/{b32x16}/when.png", 360, 180, "Monday, 10:30",
                "display:block", False,
            ),
            Picture(
                "auto-house.test", "https://termin.{brand}/bild?id={num8}&pr={hex8}", 420, 160, "Ihr Termin", "border:0", True,
            ),
            Picture(
                "yoga-loft.example", "https://img.agenda-mail.test/e/{hex32}/month.gif", 560, 300, "Your classes in December",
                "width:100%", True,
            ),
            Picture(
                "vet-clinic.test", "https://remind.{brand}/i/{jwt}", 380, 190, "", "display:block", True,
            ),
        ),
    ),
    "points meter": (
        "your points",
        (
            Picture(
                "airmiles-union.example", "https://meter.{brand}/status/{num10}.png?t={hex16}", 560, 90,
                "Points to your next level", "display:block", True,
            ),
            Picture(
                "lingo-learn.test", "https://badges.{brand}/streak/{num9}/{hex20}.png", 220, 220, "Your streak", "", True,
            ),
            Picture(
                "fit-republic.test", "https://rings.{brand}/{uuid}/week.png", 300, 300, "Your activity rings", "border:0",
                False,
            ),
            Picture(
                "hotel-circle.example",
                "https://live.motion-pics.test/p/cp/{same_hex16}/o.png?mi_pts={num5}&mi_u={num9}", 600, 150,
                "You have {num5} points", "width:100%;max-width:600px;display:block", True,
            ),
            Picture(
                "donor-net.test", "https://pics.{brand}/progress/{b62x18}", 480, 80, "", "display:block", True,
            ),
        ),
    ),
}  # fmt: skip
"""By kind: what the mail says the picture is, and the five pictures."""

SERVED = (
    ("https://click.{brand}/ls/click?upn=u001.{b62x60}", "https://click.{brand}/im/{b62x60}"),
    ("https://links.{brand}/u/click?_t={hex32}&_m={hex32_b}", "https://links.{brand}/u/img?_t={hex32}&_m={hex32_b}"),
    ("https://email.{brand}/c/eJw{b64x80}", "https://email.{brand}/p/eJw{b64x80}"),
    ("https://t.{brand}/r/?id=h{hex8},{hex8_b},1", "https://t.{brand}/i/?id=h{hex8},{hex8_b},2"),
    ("https://track.sendwell.example/c/{num8}/{hex32}", "https://track.sendwell.example/live/{num8}/{hex32}"),
)
"""How a mailing service writes links and the pictures that it serves from the same host, without a picture's name."""

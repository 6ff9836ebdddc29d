"""A bundle whose verdicts can be worked out by hand, and pictures for each of them."""

from dataclasses import replace

from tkit.bundle import Bundle, IntegerTree, IntegerTrees, Output, default_bundle
from tkit.features import feature_names

YES, NO = 65536, -65536


def of_three_verdicts(vantage: str) -> Bundle:
    """Return a bundle to which 16 hexadecimal digits in a row are individual.

    A tracker is also declared at most 3 px wide, or not declared; at the vantage point `url`, it has a query instead.
    """
    names = feature_names(vantage)
    digits = (names.index("longest_hex"), 15.0)
    second = (names.index("query_length"), 0.0) if vantage == "url" else (names.index("width"), 3.0)
    leaves = (NO, YES) if vantage == "url" else (YES, NO)
    tracker = IntegerTree(
        feature=(digits[0], -1, second[0], -1, -1),
        threshold=(digits[1], 0.0, second[1], 0.0, 0.0),
        left=(1, -1, 3, -1, -1),
        right=(2, -1, 4, -1, -1),
        value=(NO // 2, NO, 0, *leaves),
    )
    individual = IntegerTree((digits[0], -1, -1), (digits[1], 0.0, 0.0), (1, -1, -1), (2, -1, -1), (0, NO, YES))
    return replace(
        default_bundle(vantage),
        name="by hand",
        tracker=Output(IntegerTrees("logistic", 0, (tracker,)), 0, "by hand"),
        individual=Output(IntegerTrees("logistic", 0, (individual,)), 0, "by hand"),
    )


OPENED = "https://t.mailer.example/2026/0f3a9c5d7e1b2468ace0.gif"
PASS = "https://tickets.shop.example/2026/pass/1b2c3d4e5f60718293a4.png"
LOGO = "https://pictures.shop.example/2026/logo.png"
BOTH = "https://tickets.shop.example/2026/both/9a8b7c6d5e4f30211203.png"

MAIL_OF_THREE = f"""
<p>Your boarding pass</p>
<img src="{LOGO}" width="120" height="40" alt="Shop">
<img src="{PASS}" width="300" height="300" alt="Boarding pass">
<img src="{BOTH}" width="1" height="1" alt="">
<img src="{BOTH}" width="200" height="90" alt="Seat">
<img src="{OPENED}" width="1" height="1" alt="">
"""
"""At every vantage point but `url` OPENED is a tracker, PASS and BOTH are personalised, LOGO is clean. BOTH stands at two
places, one of which by itself is a tracker."""

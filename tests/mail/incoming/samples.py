"""Mails as real programs write them, made up for these tests. Lines end as they travel."""

import base64
import struct

HEAD = """From: Grace Hopper <Grace@Hopper.example>
To: t1@tickets.example.com
Message-ID: <abc-1@hopper.example>
Subject: Re: [#7] My colour has faded
"""


def mail(body: str, *, head: str = HEAD, charset: str = "utf-8", **headers: str) -> bytes:
    """A mail of these headers (`content_type` for Content-Type) and this body."""
    more = "".join(f"{name.replace('_', '-')}: {value}\n" for name, value in headers.items())
    return (head + more).replace("\n", "\r\n").encode() + b"\r\n" + body.replace("\n", "\r\n").encode(charset)


GMAIL = mail(
    """--000000000000aa
Content-Type: text/plain; charset="UTF-8"

Four is fine, thank you!

On Mon, Nov 23, 2026 at 9:12 AM Salon Sol <no-reply@example.com> wrote:

> - - - - - - - - - - - - - - - - - - - -
>
> Ada of Salon Sol replies to #7
> > Come by at four.

--000000000000aa
Content-Type: text/html; charset="UTF-8"

<div dir="ltr">Four is fine, thank you!</div><br><div class="gmail_quote">On Mon … wrote:</div>

--000000000000aa--
""",
    MIME_Version="1.0",
    Content_Type='multipart/alternative; boundary="000000000000aa"',
)

OUTLOOK = mail(
    """<html><head><style>p {margin:0}</style></head><body lang="EN-US">
<p>Four is fine.</p><p>&nbsp;</p><p>Grace</p>
<div><div style="border-top:solid"><p><b>From:</b> Salon Sol &lt;no-reply@example.com&gt;<br>
<b>Sent:</b> Monday, November 23, 2026 9:12 AM<br><b>To:</b> Grace Hopper<br>
<b>Subject:</b> [#7] My colour has faded</p></div></div><p>Come by at four.</p></body></html>
""",
    MIME_Version="1.0",
    Content_Type="text/html; charset=utf-8",
)

APPLE = mail(
    """Vier passt.

> Am 23.11.2026 um 09:12 schrieb Salon Sol <no-reply@example.com>:
>
> Come by at four.

Von meinem iPhone gesendet
""",
    MIME_Version="1.0",
    Content_Type="text/plain; charset=us-ascii",
)

FLOWED = mail(
    """This is one long paragraph that Thunderbird has broken\x20
for the wire and that is \
whole again.
 > no quotation, but stuffed
--\x20
Grace
""",
    Content_Type="text/plain; charset=utf-8; format=flowed",
)

JAPANESE = mail(
    "四時に行きます。\n", charset="iso-2022-jp", Content_Type="text/plain; charset=iso-2022-jp", MIME_Version="1.0"
)

WINDOWS = mail(
    "It\u2019s \u201cfine\u201d \u2013 really \u20ac5.\n",
    charset="cp1252",
    Content_Type="text/plain; charset=iso-8859-1",
)

UNKNOWN_CHARSET = mail("Grüße\n", Content_Type="text/plain; charset=x-made-up")

CUT_OFF = mail(
    """--x
Content-Type: text/plain

See the picture.
--x
Content-Type: image/png; name="../../etc/before.png"
Content-Transfer-Encoding: base64
Content-Disposition: attachment; filename*=utf-8''..%2F..%2Fvorher%20%C3%BC.png

iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNgYGBgAAAABQABh6FO1AAAAABJRU5ErkJgg
""",
    Content_Type="multipart/mixed; boundary=x",
)

FORWARDED = mail(
    """--x
Content-Type: text/plain

This is what they wrote.
--x
Content-Type: message/rfc822

From: somebody@else.example
Subject: A secret
Message-ID: <inner@else.example>

Inside.
--x--
""",
    Content_Type="multipart/mixed; boundary=x",
)

VACATION = mail("I am away.\n", Auto_Submitted="auto-replied", Subject_="x")
BOUNCE = mail(
    """--b
Content-Type: text/plain

Delivery failed.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net

Final-Recipient: rfc822; grace@hopper.example
Action: failed
Status: 5.1.1
--b--
""",
    Content_Type='multipart/report; report-type=delivery-status; boundary="b"',
)
NEWSLETTER = mail("Buy!\n", List_Id="<news.example.net>", Precedence="bulk")


def many_parts(count: int) -> bytes:
    """A mail of so many parts."""
    body = "".join(f"--x\nContent-Type: text/plain\n\n{number}\n" for number in range(count))
    return mail(f"{body}--x--\n", Content_Type="multipart/mixed; boundary=x")


def nested(depth: int) -> bytes:
    """A mail in so many envelopes."""
    inner = "Content-Type: text/plain\n\nat the bottom\n"
    for level in range(depth):
        inner = f"Content-Type: multipart/mixed; boundary=b{level}\n\n--b{level}\n{inner}\n--b{level}--\n"
    return HEAD.replace("\n", "\r\n").encode() + inner.replace("\n", "\r\n").encode()


def winmail(text: str, name: str, data: bytes) -> bytes:
    """A winmail.dat (TNEF, MS-OXTNEF) with a text and a file."""

    def attribute(level: int, number: int, content: bytes) -> bytes:
        return struct.pack("<BII", level, number, len(content)) + content + struct.pack("<H", sum(content) & 0xFFFF)

    signature = struct.pack("<IH", 0x223E9F78, 1)
    return (
        signature
        + attribute(1, 0x00089006, struct.pack("<I", 0x00010000))
        + attribute(1, 0x0002800C, text.encode() + b"\0")
        + attribute(2, 0x00069002, struct.pack("<HIHHI", 1, 0xFFFFFFFF, 0, 0, 0))
        + attribute(2, 0x00018010, name.encode() + b"\0")
        + attribute(2, 0x0006800F, data)
    )


def of_outlook(packed: bytes) -> bytes:
    """A mail that has nothing but a winmail.dat."""
    return mail(
        f"""--x
Content-Type: application/ms-tnef; name="winmail.dat"
Content-Transfer-Encoding: base64
Content-Disposition: attachment; filename="winmail.dat"

{base64.encodebytes(packed).decode()}
--x--
""",
        Content_Type="multipart/mixed; boundary=x",
    )

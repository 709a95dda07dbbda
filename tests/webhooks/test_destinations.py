from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.webhooks.destinations import (
    DestinationError,
    DestinationNotPublicError,
    is_allowed,
    is_public,
    validate_url,
)

PUBLIC = [
    "1.1.1.1",
    "9.255.255.255",
    "11.0.0.0",
    "93.184.215.14",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "128.0.0.0",
    "168.63.129.17",
    "169.253.255.255",
    "169.255.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "192.167.255.255",
    "192.169.0.0",
    "198.17.255.255",
    "198.20.0.0",
    "223.255.255.255",
    "2001:200::1",
    "2001:4860:4860::8888",
    "2606:4700::6810:84e5",
    "2003::1",
]

NOT_PUBLIC = {
    "this network": ["0.0.0.0", "0.0.0.1", "0.255.255.255"],  # noqa: S104 -- nothing is bound to it
    "private": [
        "10.0.0.0",
        "10.255.255.255",
        "172.16.0.0",
        "172.31.255.255",
        "192.168.0.0",
        "192.168.255.255",
    ],
    "carrier-grade NAT": ["100.64.0.0", "100.100.100.200", "100.127.255.255"],
    "loopback": ["127.0.0.0", "127.0.0.1", "127.255.255.255", "::1"],
    "link-local and metadata": ["169.254.0.0", "169.254.169.254", "169.254.170.2", "fe80::1", "febf::1"],
    "a cloud's host agent": ["168.63.129.16"],
    "IETF assignments": ["192.0.0.1", "192.0.0.170", "192.0.0.192", "2001:20::1", "2001:1ff::1"],
    "documentation": ["192.0.2.1", "198.51.100.1", "203.0.113.1", "2001:db8::1", "3fff::1", "3fff:fff::1"],
    "benchmarking": ["198.18.0.0", "198.19.255.255", "2001:2::1"],
    "multicast": ["224.0.0.1", "239.255.255.255", "ff02::1", "ff0e::1"],
    "reserved": ["240.0.0.0", "255.255.255.254", "4000::1", "c000::1"],
    "broadcast": ["255.255.255.255"],
    "unspecified": ["::"],
    "v4-mapped": ["::ffff:127.0.0.1", "::ffff:7f00:1", "::ffff:10.0.0.1", "::ffff:1.1.1.1"],
    "v4-compatible and translated": ["::127.0.0.1", "::1.1.1.1", "::ffff:0:127.0.0.1"],
    "6to4": ["2002:7f00:1::", "2002:a00:1::1", "192.88.99.1"],
    "NAT64": ["64:ff9b::7f00:1", "64:ff9b::1.1.1.1", "64:ff9b:1::a00:1"],
    "Teredo": ["2001::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2"],
    "unique local": ["fc00::1", "fd00:ec2::254", "fdff::1"],
    "site-local": ["fec0::1"],
    "discard": ["100::1"],
    "SRv6": ["5f00::1"],
    "scoped": ["fe80::1%eth0", "2606:4700::1%1"],
    "odd spelling": [
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "127.1",
        "0177.0.0.1",
        "127.0.0.01",
        "1.1",
        "\uff11.\uff11.\uff11.\uff11",
        "[::1]",
        " 1.1.1.1",
        "1.1.1.1.",
        "localhost",
        "",
    ],
}


class TestIsPublic:
    @pytest.mark.parametrize("address", PUBLIC)
    def test_takes_what_the_internet_reaches(self, address: str) -> None:
        assert is_public(address)
        assert is_public(ip_address(address))

    @pytest.mark.parametrize(
        "address", [pytest.param(a, id=f"{kind}: {a}") for kind, some in NOT_PUBLIC.items() for a in some]
    )
    def test_refuses_everything_else(self, address: str) -> None:
        assert not is_public(address)

    @settings(deadline=None)
    @given(st.ip_addresses())
    def test_is_never_laxer_than_the_standard_library(self, address: IPv4Address | IPv6Address) -> None:
        assert not is_public(address) or (address.is_global and not address.is_multicast)


class TestIsAllowed:
    @pytest.mark.parametrize("address", ["127.0.0.0", "127.0.0.1", "127.255.255.255", "::1", "1.1.1.1"])
    def test_takes_public_and_when_allowed_loopback_addresses(self, address: str) -> None:
        assert is_allowed(address, allow_loopback=True)
        assert is_allowed(address, allow_loopback=False) is (address == "1.1.1.1")

    @pytest.mark.parametrize(
        "address",
        ["0.0.0.0", "10.0.0.1", "169.254.169.254", "::", "::ffff:127.0.0.1", "::127.0.0.1", "127.1"],  # noqa: S104 -- nothing is bound to it
    )
    def test_nothing_but_loopback_is_added(self, address: str) -> None:
        assert not is_allowed(address, allow_loopback=True)


class TestValidateUrl:
    @pytest.mark.parametrize(
        ("url", "normalized"),
        [
            ("https://example.com/hooks", "https://example.com/hooks"),
            ("HTTPS://Example.COM:443/Hooks?A=b", "https://example.com/Hooks?A=b"),
            ("https://example.com.:8443/", "https://example.com:8443/"),
            ("https://example.com:80/", "https://example.com:80/"),
            ("https://bücher.example/é?q=ü", "https://xn--bcher-kva.example/%C3%A9?q=%C3%BC"),
            ("https://straße.example/", "https://xn--strae-oqa.example/"),
            ("https://example.com/a%2Fb?x=%26", "https://example.com/a%2Fb?x=%26"),
            ("https://1.1.1.1/", "https://1.1.1.1/"),
            ("https://[2606:4700::0001]:8443/", "https://[2606:4700::1]:8443/"),
        ],
    )
    def test_normalises_a_public_url(self, url: str, normalized: str) -> None:
        assert validate_url(url, allow_loopback=False) == normalized
        assert validate_url(normalized, allow_loopback=False) == normalized

    @pytest.mark.parametrize(
        "url",
        [
            "http://localhost:8000/",
            "http://LOCALHOST./",
            "http://demo.localhost:3000/hooks",
            "https://localhost/",
            "http://127.0.0.1:9000/",
            "http://127.1.2.3/",
            "http://[::1]:9000/",
        ],
    )
    def test_takes_loopback_only_when_allowed(self, url: str) -> None:
        assert validate_url(url, allow_loopback=True)
        with pytest.raises(DestinationNotPublicError, match="the server itself"):
            validate_url(url, allow_loopback=False)

    @pytest.mark.parametrize("allow_loopback", [True, False])
    @pytest.mark.parametrize(
        "url",
        [
            "https://10.0.0.1/",
            "https://169.254.169.254/latest/meta-data",
            "https://192.168.1.1./",
            "https://[::ffff:127.0.0.1]/",
            "https://[::ffff:10.0.0.1]/",
            "https://[64:ff9b::7f00:1]/",
            "https://[2002:7f00:1::]/",
            "https://[fd00:ec2::254]/",
            "https://[fe80::1%25eth0]/",
            "https://[::]/",
            "https://0.0.0.0/",
            "https://\uff11\uff10.0.0.1/",
        ],
    )
    def test_refuses_an_address_that_is_not_public(self, url: str, *, allow_loopback: bool) -> None:
        with pytest.raises(DestinationNotPublicError, match="not a public address"):
            validate_url(url, allow_loopback=allow_loopback)

    @pytest.mark.parametrize(
        "url",
        [
            "https://\uff11\uff12\uff17\uff0e\uff10\uff0e\uff10\uff0e\uff11/",
            "https://ⓛocalhost/",
            "https://localhost\u3002/",
        ],
    )
    def test_sees_through_full_width_and_circled_letters(self, url: str) -> None:
        with pytest.raises(DestinationNotPublicError, match="the server itself"):
            validate_url(url, allow_loopback=False)

    @pytest.mark.parametrize(
        "host", ["2130706433", "0x7f000001", "0x7f.1", "127.1", "0177.0.0.1", "256.1.1.1", "1.2.3.0x", "a.1"]
    )
    def test_refuses_odd_spellings_of_an_address(self, host: str) -> None:
        with pytest.raises(DestinationError, match="four decimal numbers"):
            validate_url(f"http://{host}/", allow_loopback=True)

    @pytest.mark.parametrize(
        ("url", "advice"),
        [
            ("http://example.com/", "Use https://"),
            ("ftp://example.com:2121/", "Use https://"),
            ("http://localhost.example.com/", "Use https://"),
            ("//example.com/", "Use https://"),
            ("https://user:word@example.com/", "Remove the user name"),
            ("https://user@example.com/", "Remove the user name"),
            ("https://:word@example.com/", "Remove the user name"),
            ("https://example.com/#part", "Remove the #"),
            ("https:///hooks", "with a host"),
            ("https:example.com", "with a host"),
            ("example.com", "with a host"),
            ("", "with a host"),
            ("https://[::1", "complete URL"),
            ("https://example.com:99999/", "complete URL"),
            ("https://example.com:http/", "complete URL"),
            (f"https://{'ü' * 70}.example/", "complete URL"),
            ("https://example.com:0/", "Use port"),
            ("https://example.com:22/", "Use port"),
            ("https://example.com:465/", "Use port"),
            ("https://exam ple.com/", "Remove spaces"),
            (" https://example.com/", "Remove spaces"),
            ("https://exam\tple.com/", "Remove spaces"),
            ("https://example.com/\r\nHost:x", "Remove spaces"),
            ("https://example.com\\@127.0.0.1/", "Remove spaces"),
            ("https://exam\N{ZERO WIDTH SPACE}ple.com/", "Remove spaces"),
            ("https://%6cocalhost/", "valid host name"),
            ("https://127.0.0.1%20/", "valid host name"),
            ("https://a..example.com/", "valid host name"),
            ("https://-a.example.com/", "valid host name"),
            ("https://a_b.example.com/", "valid host name"),
            (f"https://{'a' * 64}.example.com/", "valid host name"),
            (f"https://{'a.' * 125}example/", "valid host name"),
            ("https://redis/", "full domain name"),
            (f"https://example.com/{'a' * 1981}", "at most 2000"),
            (f"https://example.com/{'é' * 400}", "at most 2000"),
        ],
    )
    def test_says_what_to_change(self, url: str, advice: str) -> None:
        with pytest.raises(DestinationError, match=advice):
            validate_url(url, allow_loopback=True)

    def test_takes_a_url_of_2000_characters(self) -> None:
        url = f"https://example.com/{'a' * 1980}"
        assert validate_url(url, allow_loopback=False) == url

    @settings(deadline=None, max_examples=50)
    @given(st.text(max_size=40), st.text(max_size=20))
    def test_gives_a_stable_url_or_says_why_not(self, host: str, path: str) -> None:
        try:
            normalized = validate_url(f"https://{host}/{path}", allow_loopback=True)
        except DestinationError:
            return
        assert normalized.isascii()
        assert validate_url(normalized, allow_loopback=True) == normalized

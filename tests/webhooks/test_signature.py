import base64
import json
import time

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from app.webhooks.signature import key_of, new_secret, sign

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def secret_of(size: int) -> str:
    return "whsec_" + base64.b64encode(bytes(range(size))).decode()


def verify(secret: str, signature: str, body: bytes, timestamp: int) -> object:
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature,
    }
    return Webhook(secret).verify(body, headers)


class TestSign:
    def test_gives_the_signature_of_the_published_vector(self) -> None:
        signature = sign([SECRET], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
        assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="

    @pytest.mark.parametrize("text", ["Zoë", "予約 ✓", "👩🏽‍🔬", "\N{LINE SEPARATOR}"])
    def test_the_official_library_verifies_utf_8(self, text: str) -> None:
        secret, now = new_secret(), int(time.time())
        body = json.dumps({"name": text}, ensure_ascii=False).encode()
        assert verify(secret, sign([secret], "msg_1", now, body), body, now) == {"name": text}

    def test_both_secrets_verify_during_a_rotation(self) -> None:
        new, old, now = new_secret(), new_secret(), int(time.time())
        signature = sign([new, old], "msg_1", now, b"{}")
        assert verify(new, signature, b"{}", now) == verify(old, signature, b"{}", now) == {}

    def test_an_altered_body_does_not_verify(self) -> None:
        secret, now = new_secret(), int(time.time())
        signature = sign([secret], "msg_1", now, b'{"a":1}')
        with pytest.raises(WebhookVerificationError):
            verify(secret, signature, b'{"a":2}', now)

    @pytest.mark.parametrize("size", [24, 25, 26, 64])
    def test_a_secret_without_padding_signs_alike(self, size: int) -> None:
        padded, now = secret_of(size), int(time.time())
        bare = padded.rstrip("=")
        signature = sign([bare], "msg_1", now, b"{}")
        assert signature == sign([padded], "msg_1", now, b"{}")
        assert verify(bare, signature, b"{}", now) == {}

    def test_refuses_to_sign_with_no_secret(self) -> None:
        with pytest.raises(ValueError, match="at least one secret"):
            sign([], "msg_1", 0, b"{}")


class TestNewSecret:
    def test_holds_32_random_bytes(self) -> None:
        first, second = new_secret(), new_secret()
        assert first.startswith("whsec_")
        assert len(key_of(first)) == 32
        assert first != second


class TestKeyOf:
    @pytest.mark.parametrize("size", [0, 23, 65])
    def test_refuses_a_key_that_is_too_short_or_too_long(self, size: int) -> None:
        with pytest.raises(ValueError, match="24 to 64 bytes"):
            key_of(secret_of(size))

    @pytest.mark.parametrize("size", [24, 64])
    def test_takes_the_shortest_and_the_longest_key(self, size: int) -> None:
        assert key_of(secret_of(size)) == bytes(range(size))

    @pytest.mark.parametrize("text", ["MfKQ9r8G\nKYqrTwjUPD8ILPZIo2LaLaSw", "MfKQ9r8G*", "é" * 40, "A" * 41])
    def test_refuses_what_is_not_base64(self, text: str) -> None:
        with pytest.raises(ValueError, match="followed by base64"):
            key_of("whsec_" + text)

    def test_refuses_a_secret_without_its_prefix(self) -> None:
        with pytest.raises(ValueError, match="starts with whsec_"):
            key_of(SECRET.removeprefix("whsec_"))

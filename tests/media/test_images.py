"""Pictures are made anew from their pixels."""

from io import BytesIO

import pytest
from PIL import Image

from app.media import images
from app.media.kinds import Inspected, MediaType, Purpose, Reason, Refused
from tests.media import samples

T = MediaType


def anew(data: bytes, kind: MediaType, purpose: Purpose = Purpose.ATTACHMENT) -> Inspected:
    return images.make_anew(data, kind, purpose)


def opened(data: bytes) -> Image.Image:
    return Image.open(BytesIO(data))


class TestMakeAnew:
    @pytest.mark.parametrize(
        ("data", "kind", "becomes"),
        [
            (samples.picture("JPEG"), T.JPEG, T.JPEG),
            (samples.picture("JPEG", mode="L"), T.JPEG, T.JPEG),
            (samples.picture("JPEG", mode="CMYK"), T.JPEG, T.JPEG),
            (samples.picture("PNG"), T.PNG, T.PNG),
            (samples.picture("PNG", mode="RGBA"), T.PNG, T.PNG),
            (samples.picture("PNG", mode="P"), T.PNG, T.PNG),
            (samples.picture("PNG", mode="1"), T.PNG, T.PNG),
            (samples.picture("WEBP"), T.WEBP, T.JPEG),
            (samples.picture("GIF"), T.GIF, T.PNG),
        ],
    )
    def test_keeps_what_is_seen(self, data: bytes, kind: MediaType, becomes: MediaType) -> None:
        made = anew(data, kind)
        assert (made.content_type, made.width, made.height) == (becomes, 64, 32)
        assert made.thumbnail is not None
        for each in (made.data, made.thumbnail):
            with opened(each) as kept:
                assert kept.format == becomes.removeprefix("image/").upper()

    def test_keeps_what_is_transparent(self) -> None:
        clear = BytesIO()
        Image.new("RGBA", (10, 10), (255, 0, 0, 0)).save(clear, "WEBP", lossless=True)
        made = anew(clear.getvalue(), T.WEBP)
        assert made.content_type is T.PNG
        with opened(made.data) as kept:
            assert kept.getpixel((5, 5))[3] == 0  # type: ignore[index] # a pixel of four

    def test_turns_it_and_forgets_what_the_camera_wrote(self) -> None:
        made = anew(samples.turned_photograph(), T.JPEG)
        assert (made.width, made.height) == (40, 80)
        for each in (made.data, made.thumbnail or b""):
            assert b"ecret" not in each
            with opened(each) as kept:
                assert not {"exif", "comment", "icc_profile", "xmp"} & kept.info.keys()

    def test_shows_the_first_frame_of_what_moves(self) -> None:
        with opened(anew(samples.moving(), T.GIF).data) as kept:
            assert getattr(kept, "n_frames", 1) == 1
            assert kept.convert("RGB").getpixel((5, 5)) == (255, 0, 0)

    @pytest.mark.parametrize(
        ("purpose", "size"),
        [(Purpose.ATTACHMENT, (4096, 1024)), (Purpose.LOGO, (1024, 256)), (Purpose.AVATAR, (512, 512))],
    )
    def test_is_no_larger_than_its_purpose_asks(self, purpose: Purpose, size: tuple[int, int]) -> None:
        made = anew(samples.picture("JPEG", (4400, 1100)), T.JPEG, purpose)
        assert (made.width, made.height) == size

    def test_does_not_blow_a_small_one_up(self) -> None:
        made = anew(samples.picture("PNG", (20, 10)), T.PNG, Purpose.AVATAR)
        assert (made.width, made.height) == (10, 10)

    def test_refuses_too_many_pixels_before_it_decodes_them(self) -> None:
        with pytest.raises(Refused) as refusal:
            anew(samples.pixel_bomb(), T.PNG)
        assert refusal.value.reason is Reason.TOO_MANY_PIXELS

    def test_refuses_more_pixels_than_fit_into_memory(self) -> None:
        with pytest.raises(Refused) as refusal:
            anew(samples.picture("PNG", (5_100, 5_000), mode="1"), T.PNG)
        assert refusal.value.reason is Reason.TOO_MANY_PIXELS

    @pytest.mark.parametrize("kind", [T.JPEG, T.PNG, T.GIF, T.WEBP])
    @pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
    def test_refuses_what_broke_off(self, kind: MediaType, share: float) -> None:
        name = kind.removeprefix("image/").upper()
        whole = samples.noise(name)
        with pytest.raises(Refused) as refusal:
            anew(whole[: int(len(whole) * share)], kind)
        assert refusal.value.reason is Reason.DAMAGED

    def test_reads_it_as_what_it_is_alone(self) -> None:
        with pytest.raises(Refused):
            anew(samples.picture("PNG"), T.JPEG)

    def test_refuses_more_scans_than_people_make(self) -> None:
        data = samples.picture("JPEG")
        scan = data[data.index(b"\xff\xda") : -2]
        with pytest.raises(Refused) as refused:
            anew(data[:-2] + scan * 200 + data[-2:], T.JPEG)
        assert refused.value.reason is Reason.BOMB

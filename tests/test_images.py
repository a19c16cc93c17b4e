import struct
import warnings
import zlib

import numpy as np
import pytest
import torch
from PIL import Image

from passerby import images
from passerby.images import Size
from passerby.types import Crop

RED = (200, 30, 40)


def saved(path, image, **how):
    image.save(path, **how)
    return path


def noise(width=32, height=64):
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8))


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P", "L", "LA", "1", "CMYK", "I;16"])
def test_every_kind_of_picture_becomes_rgb(tmp_path, mode):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        image = Image.new(mode, (8, 16)) if mode == "I;16" else noise(8, 16).convert(mode)
    ending = "jpg" if mode == "CMYK" else "png"
    read = images.read(saved(tmp_path / f"a.{ending}", image))
    assert read.mode == "RGB"
    assert read.size == (8, 16)


def test_a_palette_with_transparency_is_read_without_a_warning(tmp_path):
    image = noise(8, 16).convert("P")
    assert images.read(saved(tmp_path / "a.png", image, transparency=b"\x00\x80")).mode == "RGB"


def test_a_16_bit_picture_keeps_its_brightness(tmp_path):
    file = saved(tmp_path / "a.png", Image.fromarray(np.full((16, 8), 128 * 257, dtype=np.uint16)))
    assert np.array(images.read(file)).mean() == pytest.approx(128, abs=1)


@pytest.mark.parametrize("ending", ["jpg", "png", "webp", "bmp"])
def test_every_accepted_ending_is_read(tmp_path, ending):
    read = images.read(saved(tmp_path / f"a.{ending}", Image.new("RGB", (8, 16), RED)))
    assert np.abs(np.array(read).astype(int) - RED).max() < 12


@pytest.mark.parametrize("ending", ["jpg", "png", "webp"])
@pytest.mark.parametrize("share", [0.3, 0.9])
def test_a_truncated_picture_is_named(tmp_path, ending, share):
    file = saved(tmp_path / f"a.{ending}", noise())
    data = file.read_bytes()
    file.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(ValueError, match=rf"a\.{ending} is (broken|not a picture)"):
        images.read(file)


@pytest.mark.parametrize("data", [b"", b"hello", b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n", b"\xff\xd8" + b"\0" * 300])
def test_what_is_no_picture_is_named(tmp_path, data):
    file = tmp_path / "a.jpg"
    file.write_bytes(data)
    with pytest.raises(ValueError, match=r"a\.jpg is (broken|not a picture)"):
        images.read(file)


def test_bytes_changed_anywhere_give_a_picture_or_a_named_error(tmp_path):
    rng = np.random.default_rng(1)
    for ending in ("jpg", "png", "bmp"):
        data = saved(tmp_path / f"whole.{ending}", noise()).read_bytes()
        for turn in range(60):
            changed = bytearray(data)
            for place in rng.integers(0, min(len(changed), 700), 3):
                changed[place] = rng.integers(0, 256)
            file = tmp_path / f"{turn}.{ending}"
            file.write_bytes(changed)
            assert outcome(file) == "RGB" or str(file) in outcome(file)


def outcome(file):
    try:
        return images.read(file).mode
    except ValueError as error:
        return str(error)


def png_of(width, height):
    def chunk(name, body):
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("size", [(9000, 9000), (30000, 30000), (2**31 - 1, 2**31 - 1)])
def test_a_huge_picture_is_refused_before_it_is_decoded(tmp_path, size):
    file = tmp_path / "a.png"
    file.write_bytes(png_of(*size))
    with pytest.raises(ValueError, match=r"a\.png (has more than 64,000,000|is broken)"):
        images.read(file)


def test_a_missing_file_and_a_folder_are_told_apart(tmp_path):
    with pytest.raises(FileNotFoundError, match="No picture at"):
        images.read(tmp_path / "none.jpg")
    with pytest.raises(ValueError, match="is a folder"):
        images.read(tmp_path)


def test_a_box_is_cut_out_and_cut_to_the_picture():
    image = noise()
    assert np.array_equal(np.array(images.crop(image, (4, 8, 10, 20))), np.array(image)[8:28, 4:14])
    assert images.crop(image, (-5, -5, 10, 10)).size == (5, 5)
    assert images.crop(image, (30, 60, 100, 100)).size == (2, 4)


@pytest.mark.parametrize(
    "box",
    [(32, 0, 5, 5), (0, 64, 5, 5), (-9, 0, 5, 5), (3, 3, 0.1, 0.1), (float("nan"), 0, 5, 5), (0, 0, float("inf"), 5)],
)
def test_a_box_outside_is_refused_with_the_file(tmp_path, box):
    file = saved(tmp_path / "a.png", noise())
    with pytest.raises(ValueError, match=r"a\.png: box .* (of 32 x 64 pixels|is not finite)"):
        images.load(Crop(file, 1, box=box), Size(8, 4))


def test_a_crop_is_loaded_at_its_size(tmp_path):
    file = saved(tmp_path / "a.png", Image.new("RGB", (32, 64), RED))
    loaded = images.load(Crop(file, 1, box=(0, 0, 16, 16)), Size(8, 4))
    assert loaded.shape == (3, 8, 4)
    assert loaded.dtype == torch.uint8
    assert loaded.is_contiguous()
    assert loaded[:, 0, 0].tolist() == list(RED)


def test_a_picture_of_the_right_size_is_not_resampled():
    image = noise()
    assert np.array_equal(images.resize(image, Size(64, 32)).permute(1, 2, 0).numpy(), np.array(image))


@pytest.mark.parametrize("size", [(0, 4), (4, 0), (-1, 4)])
def test_an_empty_size_is_refused(size):
    with pytest.raises(ValueError, match="give a height and a width of 1 or more"):
        Size(*size)


def test_normalise_is_what_the_backbones_expect_and_denormalise_its_inverse():
    pixels = torch.arange(256, dtype=torch.uint8).view(1, 1, 16, 16).expand(2, 3, 16, 16)
    done = images.normalise(pixels)
    expected = (255 / 255 - 0.456) / 0.224
    assert done[0, 1, 15, 15].item() == pytest.approx(expected, rel=1e-6)
    assert torch.equal((images.denormalise(done) * 255).round().to(torch.uint8), pixels)
    assert images.preprocessing(Size(256, 128)) == "RGB, bilinear to 256x128, ImageNet mean and std"


def test_a_picture_that_lies_on_its_side_by_exif_is_turned_upright(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # the first row is the right side
    turned = images.read(saved(tmp_path / "a.png", noise(), exif=exif))
    assert turned.size == (64, 32)
    assert np.array_equal(np.array(turned), np.rot90(np.array(noise()), -1))


def test_other_formats_are_refused_whatever_they_are_called(tmp_path):
    noise().save(tmp_path / "a.jpg", format="TIFF")
    with pytest.raises(ValueError, match=r"a\.jpg is not a picture that can be read; accepted are \.jpg"):
        images.read(tmp_path / "a.jpg")


def test_a_damaged_exif_block_is_refused_and_named(tmp_path, monkeypatch):
    def broken(*arguments, **options):
        raise AttributeError("'IFDRational' object has no attribute 'encode'")

    file = tmp_path / "a.jpg"
    Image.new("RGB", (4, 8)).save(file)
    monkeypatch.setattr(images.ImageOps, "exif_transpose", broken)
    with pytest.raises(ValueError, match=r"a\.jpg is broken or truncated"):
        images.read(file)


def test_a_box_outside_of_its_picture_counts_as_unreadable(tmp_path):
    file = tmp_path / "a.png"
    Image.new("RGB", (4, 8)).save(file)
    crops = [Crop(file, 1, box=(0, 0, 4, 8)), Crop(file, 1, box=(9, 9, 4, 8)), Crop(tmp_path / "b.png", 1)]
    told = images.unreadable(crops)
    assert len(told) == 2
    assert "outside" in told[0]
    assert "b.png" in told[1]


@pytest.mark.parametrize(
    ("picture", "side", "seen"),
    [((128, 64), 416, (416, 208)), ((64, 128), 416, (208, 416)), ((100, 37), 50, (50, 19)), ((7, 7), 3, (3, 3)),
     ((1000, 1), 10, (10, 1)), ((51, 20), 640, (640, 251))],
)  # fmt: skip
def test_the_largest_side_is_what_was_asked_for_and_the_other_follows(picture, side, seen):
    plain = max(1, int(min(picture) * side / max(picture) + 0.5))
    assert min(seen) == plain
    found = images.resize(noise(picture[1], picture[0]), images.Largest(side))
    assert tuple(found.shape) == (3, *seen)


def test_a_largest_side_below_1_is_refused():
    with pytest.raises(ValueError, match="1 pixel or more"):
        images.Largest(0)

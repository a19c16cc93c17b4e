import base64
import io

import pytest
from PIL import Image

from passerby.report.thumbnail import thumbnail
from passerby.types import Crop


def opened(uri):
    head, data = uri.split(",", 1)
    assert head == "data:image/jpeg;base64"
    return Image.open(io.BytesIO(base64.b64decode(data)))


def saved(path, size, colour=(200, 30, 30), **options):
    Image.new("RGB", size, colour).save(path, **options)
    return path


@pytest.mark.parametrize(("size", "expected"), [((640, 320), (160, 80)), ((30, 500), (10, 160)), ((20, 40), (20, 40))])
def test_a_picture_keeps_its_shape_and_is_never_enlarged(tmp_path, size, expected):
    picture = opened(thumbnail(Crop(saved(tmp_path / "a.png", size), 1)))
    assert picture.size == pytest.approx(expected, abs=1)


def test_a_box_is_cut_out(tmp_path):
    path = tmp_path / "scene.png"
    scene = Image.new("RGB", (100, 100), (0, 0, 255))
    scene.paste((255, 255, 0), (10, 20, 30, 60))
    scene.save(path)
    picture = opened(thumbnail(Crop(path, 1, box=(10, 20, 20, 40))))
    assert picture.size == (20, 40)
    red, green, blue = picture.getpixel((10, 20))
    assert red > 240
    assert green > 240
    assert blue < 15


def test_nothing_but_pixels_leaves_the_file(tmp_path):
    exif = Image.Exif()
    exif[0x010E] = "a private description"
    path = saved(
        tmp_path / "a.jpg", (40, 80), exif=exif, comment=b"a private comment", icc_profile=b"a private profile"
    )
    data = base64.b64decode(thumbnail(Crop(path, 1)).split(",", 1)[1])
    assert b"private" in path.read_bytes()
    assert b"private" not in data


def test_a_missing_or_broken_picture_is_an_error(tmp_path):
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    with pytest.raises(ValueError, match=r"broken\.jpg"):
        thumbnail(Crop(tmp_path / "broken.jpg", 1))
    with pytest.raises(FileNotFoundError, match=r"missing\.jpg"):
        thumbnail(Crop(tmp_path / "missing.jpg", 1))


def test_a_size_of_nothing_is_refused(tmp_path):
    with pytest.raises(ValueError, match="height and width are 0 and 160"):
        thumbnail(Crop(saved(tmp_path / "a.png", (4, 4)), 1), height=0)

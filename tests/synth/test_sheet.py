import pytest
from PIL import Image

from passerby.synth.sheet import COLUMNS, sheet


def test_a_sheet_shows_random_pictures_travellers_and_look_alikes(tmp_path):
    sheet(tmp_path / "sheet.png", ids=40, cameras=3, seed=1)
    with Image.open(tmp_path / "sheet.png") as page:
        assert page.format == "PNG"
        assert page.width > 64 * COLUMNS
        assert page.height > 128 * (60 // COLUMNS + 2)


def test_too_few_people_are_refused(tmp_path):
    with pytest.raises(ValueError, match="ids is 5; give 40 or more"):
        sheet(tmp_path / "sheet.png", ids=5)


def test_a_missing_folder_is_named_before_anything_is_drawn(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"No folder .*nowhere to write sheet\.png into"):
        sheet(tmp_path / "nowhere" / "sheet.png")

import json

import pytest

from passerby.report.results import results
from passerby.report.save_results import FORMS, save_results
from result_sets import NASTY, scores


@pytest.mark.parametrize("ending", [*FORMS, ".TEX"])
def test_the_ending_chooses_the_form(tmp_path, ending):
    found = results({label: scores(data=label) for label in (*NASTY, "\ud800")})
    save_results(found, tmp_path / f"table{ending}")
    assert (tmp_path / f"table{ending}").read_text(encoding="utf-8") == FORMS[ending.lower()](found)
    assert len(list(tmp_path.iterdir())) == 1


def test_the_three_forms_are_different_texts(tmp_path):
    for ending in FORMS:
        save_results(results({"a": scores()}), tmp_path / f"table{ending}")
    assert json.loads((tmp_path / "table.json").read_text())["results"]["a"]
    assert (tmp_path / "table.md").read_text().startswith("| result |")
    assert "\\toprule" in (tmp_path / "table.tex").read_text()


@pytest.mark.parametrize("name", ["table", "table.txt", "table.md.gz", ".md"])
def test_another_ending_is_refused_and_nothing_is_written(tmp_path, name):
    with pytest.raises(ValueError, match=r"give a name that ends in \.md, \.tex, \.json"):
        save_results(results({"a": scores()}), tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="No folder"):
        save_results(results({"a": scores()}), tmp_path / "none" / "table.md")

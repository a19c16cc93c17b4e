import pytest
import torch

from passerby.models.multi_granularity import cut, windows


def test_the_papers_21_windows_of_six_levels():
    wanted = [(p, start, start + 6 - p) for p in range(1, 7) for start in range(1, p + 1)]
    assert [tuple(w) for w in windows(6)] == wanted
    assert len(wanted) == 21
    assert [tuple(w) for w in windows(6, levels=(2,))] == [(2, 1, 5), (2, 2, 6)]  # H_1~k-1 and H_2~k


def test_a_cut_holds_the_rows_of_its_stripes_and_no_others():
    rows = torch.arange(24.0).view(1, 1, 24, 1).expand(2, 3, 24, 2)
    parts = cut(rows, windows(6), k=6)
    assert [part.shape[2] for part in parts] == [24] + [20] * 2 + [16] * 3 + [12] * 4 + [8] * 5 + [4] * 6
    for part, window in zip(parts, windows(6), strict=True):
        wanted = [row for row in range(24) if window.first <= row // 4 + 1 <= window.last]
        assert part[1, 2, :, 0].tolist() == wanted


@pytest.mark.parametrize("k", [1, 2, 4, 6])
def test_disjoint_windows_of_a_level_cover_each_row_once(k):
    chosen = windows(k, mgo="disjoint")
    assert [p for p in range(1, k + 1) if k % p == 0] == sorted({w.level for w in chosen})
    rows = torch.arange(2.0 * k).view(1, 1, 2 * k, 1)
    for level in {w.level for w in chosen}:
        of_level = [w for w in chosen if w.level == level]
        assert len(of_level) == level
        assert torch.cat(cut(rows, of_level, k=k), dim=2).equal(rows)


def test_wrong_levels_and_heights_are_refused():
    with pytest.raises(ValueError, match="k is 0"):
        windows(0)
    with pytest.raises(ValueError, match="mgo is 'overlap'"):
        windows(6, mgo="overlap")
    for levels in ((), (7,), (0,), (1, 1)):
        with pytest.raises(ValueError, match="levels is"):
            windows(6, levels=levels)
    with pytest.raises(ValueError, match="give some of 1, 2, 3, 6"):
        windows(6, levels=(4,), mgo="disjoint")
    with pytest.raises(ValueError, match="23 rows high"):
        cut(torch.zeros(1, 1, 23, 2), windows(6), k=6)

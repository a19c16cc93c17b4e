from passerby.frames.frame import Box
from passerby.frames.link import link


def walking(number, *, confidence=0.9):
    return Box(10 + 4 * number, 20, 30, 80, confidence)


def test_one_who_walks_has_one_id_and_two_have_two():
    join = link(fps=10)
    ids = [[(box.x, box.id) for box in join([walking(n), Box(300 - 4 * n, 20, 30, 80, 0.8)])] for n in range(20)]
    assert len({who for frame in ids for _, who in frame}) == 2
    assert all(len({who for x, who in frame if x < 150}) <= 1 for frame in ids[:15])
    assert all(len(frame) == 2 for frame in ids[2:])


def test_one_who_is_hidden_for_three_frames_keeps_the_id():
    join = link(fps=10)
    ids = [box.id for n in range(20) for box in join([] if 8 <= n < 11 else [walking(n)])]
    assert len(set(ids)) == 1


def test_boxes_in_no_track_are_left_out():
    join = link(fps=10)
    assert join([walking(0, confidence=0.2)]) == ()
    assert join([]) == ()


def test_confidences_that_are_no_chances_are_taken_as_sure():
    join = link(fps=10)
    found = [join([walking(n, confidence=-3.0)]) for n in range(5)]
    assert [len(boxes) for boxes in found[2:]] == [1, 1, 1]
    assert found[-1][0].confidence == -3.0


def test_a_new_one_begins_anew_and_gives_the_same():
    def ids():
        join = link(fps=10)
        return [[box.id for box in join([walking(n), Box(200, 5, 20, 60)])] for n in range(6)]

    assert ids() == ids()

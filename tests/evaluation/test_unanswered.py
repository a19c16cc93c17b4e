from pathlib import Path

from passerby.evaluation.unanswered import SHOWN, by_camera, sentences, summary, unanswered
from passerby.types import DISTRACTOR, JUNK, UNKNOWN, Crop, PersonSet


def crop(name, pid, camid=None):
    return Crop(Path(name), pid, camid)


QUERIES = (crop("a", 1, 1), crop("b", 12, 3), crop("c", 13, 3), crop("d", 14, 3))
GALLERY = (crop("e", 1, 2), *(crop(f"f{i}", 13, 3) for i in range(4)), crop("d", 14, 3), crop("g", JUNK), crop("h", 0))


def test_each_reason_is_told_in_words():
    assert unanswered(QUERIES, GALLERY) == [
        (1, "person 12 is not in the gallery"),
        (2, "person 13 is in the gallery only from the query's own camera (camera 3, 4 crops)"),
        (3, "person 14 is in the gallery only from the query's own camera (camera 3, 1 crop)"),
    ]
    assert unanswered(QUERIES, GALLERY, cameras=False) == [
        (1, "person 12 is not in the gallery"),
        (3, "person 14 is in the gallery only as the query's own picture"),
    ]


def test_a_reason_is_one_of_the_querys_own_gallery():
    galleries = {0: (0, 6), 1: (1, 2), 2: (1, 2, 6), 3: (0, 5)}
    assert unanswered(QUERIES, GALLERY, galleries=galleries) == [
        (1, "person 12 is not in the gallery"),
        (2, "person 13 is in the gallery only from the query's own camera (camera 3, 2 crops)"),
        (3, "person 14 is in the gallery only from the query's own camera (camera 3, 1 crop)"),
    ]
    assert [query for query, _ in unanswered(QUERIES, GALLERY, cameras=False, galleries=galleries)] == [1, 3]
    assert unanswered(QUERIES[:1], GALLERY, galleries={0: (1, 7)}) == [(0, "person 1 is not in the gallery")]


def test_the_summary_counts_each_split_that_is_there():
    headings, rows = summary(PersonSet(name="x", query=QUERIES, gallery=GALLERY))
    assert headings[:3] == ("split", "pictures", "people")
    assert rows[0] == ("query", "4", "4", "0", "0", "0", "2")
    assert rows[1] == ("gallery", "8", "3", "1", "1", "0", "2")
    assert len(rows) == 2
    assert all(len(row) == len(headings) for row in rows)


FRAMES = tuple(Crop(Path(f"t{n}"), 1 + n // 4, 1 + n // 2, trackid=n // 2) for n in range(8))


def test_the_summary_counts_tracklets_where_there_are_some():
    further = (crop("x", DISTRACTOR), crop("y", DISTRACTOR))
    headings, rows = summary(PersonSet(name="x", query=FRAMES[:2], gallery=FRAMES, distractors=further))
    assert headings == ("split", "pictures", "tracklets", "people", "distractors", "junk", "unknown", "cameras")
    assert rows == [
        ("query", "2", "1", "1", "0", "0", "0", "1"),
        ("gallery", "8", "4", "2", "0", "0", "0", "4"),
        ("distractors", "2", "-", "0", "2", "0", "0", "0"),
    ]


def test_sentences_about_tracklets_say_so():
    told = sentences(PersonSet(name="x", query=FRAMES[:2], gallery=(*FRAMES[:4], *FRAMES[6:])))
    assert told == [
        "Pictures come in tracklets, and these are searched for: a right answer is a tracklet.",
        "1 right answers for 1 queries, 1.0000 for each query (1 .. 1).",
        "Every query has a right answer.",
    ]


def test_sentences_about_galleries_tell_their_sizes_and_whose_answers_are_missing():
    galleries = {0: (0,), 1: (0, 6), 2: (1, 2, 6), 3: (0, 5)}
    told = sentences(PersonSet(name="x", query=QUERIES, gallery=GALLERY, galleries=galleries))
    assert told[0] == "Each query has a gallery of its own, of 1 .. 3 crops."
    assert told[1] == "1 right answers for 4 queries, 0.2500 for each query (0 .. 1)."
    assert told[2:] == [
        "3 of 4 queries have none and will not be counted:",
        "  b: person 12 is not in the gallery",
        "  c: person 13 is in the gallery only from the query's own camera (camera 3, 2 crops)",
        "  d: person 14 is in the gallery only from the query's own camera (camera 3, 1 crop)",
    ]


def test_crops_in_tracklets_with_galleries_of_their_own_are_judged_one_by_one():
    told = sentences(PersonSet(name="x", query=FRAMES[:2], gallery=FRAMES, galleries={0: (2, 3), 1: (0, 2)}))
    assert told[:2] == [
        "Each query has a gallery of its own, of 2 .. 2 crops.",
        "3 right answers for 2 queries, 1.5000 for each query (1 .. 2).",
    ]


def test_each_camera_is_counted():
    assert by_camera(PersonSet(name="x", query=QUERIES, gallery=GALLERY)) == [
        "query by camera: c1 1, c3 3",
        "gallery by camera: c2 1, c3 5, none 2",
    ]


def test_sentences_name_the_queries_without_an_answer():
    told = sentences(PersonSet(name="x", query=QUERIES, gallery=GALLERY))
    assert told[0] == "1 right answers for 4 queries, 0.2500 for each query (0 .. 1)."
    assert told[1] == "3 of 4 queries have none and will not be counted:"
    assert told[2] == "  b: person 12 is not in the gallery"


def test_a_long_list_of_queries_is_cut():
    queries = tuple(crop(f"q{i}", 100 + i, 1) for i in range(SHOWN + 3))
    told = sentences(PersonSet(name="x", query=queries, gallery=GALLERY))
    assert told[-1] == "  ... and 3 more."
    assert len(told) == SHOWN + 3


def test_a_set_where_every_query_is_answered_says_so():
    told = sentences(PersonSet(name="x", query=QUERIES[:1], gallery=GALLERY))
    assert told[-1] == "Every query has a right answer."


def test_a_set_without_cameras_is_counted_without_and_says_so():
    told = sentences(PersonSet(name="x", query=(crop("a", 1),), gallery=(crop("b", 1), crop("c", DISTRACTOR))))
    assert "without cameras" in told[0]
    assert told[1].startswith("1 right answers for 1 queries")


def test_a_set_that_cannot_be_judged_says_why():
    assert sentences(PersonSet(name="x", train=QUERIES)) == [
        "No ranking can be judged on x: it has no query and no gallery."
    ]
    assert "it has no query." in sentences(PersonSet(name="x", gallery=GALLERY))[0]
    assert "nobody known" in sentences(PersonSet(name="x", query=QUERIES, gallery=(crop("b", UNKNOWN, 1),)))[0]

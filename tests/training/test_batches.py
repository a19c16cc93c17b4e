from collections import Counter

import numpy as np
import pytest

from passerby.training.batches import people_by_pictures, shuffled

PIDS = [7] * 5 + [2] * 2 + [9] * 1 + [4] * 8


def test_a_batch_holds_p_people_with_k_pictures_each():
    for epoch in range(5):
        batches = people_by_pictures(PIDS, people=2, pictures=3, seed=0, epoch=epoch)
        assert len(batches) == 16 // 6
        for batch in batches:
            assert sorted(Counter(PIDS[index] for index in batch).values()) == [3, 3]


def test_a_picture_comes_twice_in_a_hand_only_where_its_person_has_too_few():
    for epoch in range(20):
        for batch in people_by_pictures(PIDS, people=3, pictures=4, seed=1, epoch=epoch):
            for pid, pictures in Counter(PIDS).items():
                hand = Counter(index for index in batch if PIDS[index] == pid)
                assert len(hand) in (0, min(4, pictures))


def test_no_hand_holds_a_person_or_a_picture_twice_when_a_pile_runs_out():
    pids = [pid for pid in range(5) for _ in range(7)]
    for epoch in range(20):
        batches = people_by_pictures(pids, people=3, pictures=4, seed=2, epoch=epoch)
        assert len(batches) == 2
        # the second batch needs 6 of 5 people
        for batch in batches:
            assert len({pids[index] for index in batch}) == 3
            assert len(set(batch)) == 12
    few = [pid for pid in range(2) for _ in range(7)] + [2] * 50
    for batch in people_by_pictures(few, people=3, pictures=4, seed=2, epoch=0):
        assert len(set(batch)) == 12


def test_people_take_turns():
    pids = [pid for pid in range(10) for _ in range(4)]
    batches = people_by_pictures(pids, people=2, pictures=4, seed=0, epoch=0)
    assert Counter(pids[index] for batch in batches for index in batch) == dict.fromkeys(range(10), 4)


def test_an_epoch_is_a_function_of_seed_and_epoch():
    def ask(seed, epoch):
        return people_by_pictures(PIDS, people=2, pictures=2, seed=seed, epoch=epoch)

    assert ask(0, 0) == ask(0, 0)
    assert ask(0, 0) != ask(0, 1)
    assert ask(0, 0) != ask(1, 0)


def test_sixteen_people_by_four_make_full_batches_of_64():
    pids = [pid for pid in range(40) for _ in range(1 + pid % 9)]
    batches = people_by_pictures(pids, people=16, pictures=4, seed=0, epoch=0)
    assert len(batches) == len(pids) // 64
    for batch in batches:
        assert sorted(Counter(pids[index] for index in batch).values()) == [4] * 16


def test_a_person_with_one_picture_shows_it_k_times():
    batches = people_by_pictures([1, 2, 2], people=2, pictures=4, seed=0, epoch=0)
    assert len(batches) == 1
    assert Counter(batches[0]) == {0: 4, 1: 2, 2: 2}


def test_pictures_of_a_person_take_turns():
    pids = [1] * 8 + [2] * 8
    batches = people_by_pictures(pids, people=2, pictures=4, seed=3, epoch=0)
    assert sorted(index for batch in batches for index in batch) == list(range(16))


def test_the_global_seed_changes_nothing():
    def ask():
        return people_by_pictures(PIDS, people=2, pictures=2, seed=0, epoch=0), shuffled(PIDS, size=4, seed=0, epoch=0)

    np.random.seed(1)
    before = ask()
    np.random.seed(2)
    assert ask() == before


def test_too_few_people_are_refused():
    with pytest.raises(ValueError, match="has 4 people, and a batch wants 5"):
        people_by_pictures(PIDS, people=5, pictures=2, seed=0, epoch=0)
    with pytest.raises(ValueError, match=r"batches\.people is 1"):
        people_by_pictures(PIDS, people=1, pictures=2, seed=0, epoch=0)


def test_shuffled_shows_each_picture_once():
    batches = shuffled(PIDS, size=4, seed=0, epoch=0)
    assert sorted(index for batch in batches for index in batch) == list(range(16))
    assert len(shuffled(PIDS, size=5, seed=0, epoch=0)) == 3
    with pytest.raises(ValueError, match="size is 17"):
        shuffled(PIDS, size=17, seed=0, epoch=0)


def test_shuffled_leaves_out_other_pictures_in_each_epoch():
    left = {
        tuple(set(range(16)) - {index for batch in shuffled(PIDS, size=5, seed=0, epoch=epoch) for index in batch})
        for epoch in range(20)
    }
    assert all(len(one) == 1 for one in left)
    assert len(left) > 5


def test_shuffled_is_a_function_of_seed_and_epoch():
    assert shuffled(PIDS, size=4, seed=0, epoch=0) == shuffled(PIDS, size=4, seed=0, epoch=0)
    assert shuffled(PIDS, size=4, seed=0, epoch=0) != shuffled(PIDS, size=4, seed=0, epoch=1)
    assert shuffled(PIDS, size=4, seed=0, epoch=0) != shuffled(PIDS, size=4, seed=1, epoch=0)
    with pytest.raises(ValueError, match="size is 0"):
        shuffled(PIDS, size=0, seed=0, epoch=0)

from collections import Counter

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

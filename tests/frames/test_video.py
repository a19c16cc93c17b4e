import os

import numpy as np
import pytest

from numbered_frames import colours
from passerby.frames import video as module
from passerby.frames.encode import encode
from passerby.frames.video import video


def watch(footage, every=1):
    told = []
    return list(footage.frames(every, told.append)), told


def outcome(path):
    """Its frames and what is told, or the error in place of the frames."""
    try:
        return watch(video(path))
    except ValueError as error:
        return None, str(error)


def test_frames_are_numbered_from_one_and_timed(film):
    footage = video(film(count=12, fps=10))
    frames, told = watch(footage)
    assert footage.fps == 10
    assert footage.count == 12
    assert [frame.number for frame in frames] == list(range(1, 13))
    assert [frame.seconds for frame in frames] == pytest.approx([n / 10 for n in range(12)])
    reds = [np.asarray(frame.image)[..., 0].mean() for frame in frames]
    assert reds == pytest.approx([10 * n for n in range(1, 13)], abs=6)
    assert not told


def test_every_third_frame_keeps_its_number_and_time(film):
    frames, _ = watch(video(film(count=8)), every=3)
    assert [(frame.number, round(frame.seconds, 3)) for frame in frames] == [(1, 0.0), (4, 0.3), (7, 0.6)]


def test_the_frames_a_second_may_be_given(film):
    frames, _ = watch(video(film(count=3, fps=10), fps=2))
    assert [frame.seconds for frame in frames] == [0, 0.5, 1]


def test_a_video_that_is_cut_off_is_refused_or_told_and_never_hangs(film):
    """MP4 with its table in front: what is there is read, and what is not is told."""
    path = film(count=30)
    data = path.read_bytes()
    for share in (0.2, 0.5, 0.8, 0.95):
        path.write_bytes(data[: int(share * len(data))])
        frames, told = outcome(path)
        if frames is None:
            assert str(path) in told
        else:
            assert len(frames) < 30
            assert any("cut off" in line for line in told)


def test_damage_in_the_middle_is_told_and_the_numbers_go_on(film):
    path = film(count=40, height=96, width=128)
    whole, _ = watch(video(path))
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 200] = bytes(200)
    path.write_bytes(data)
    frames, _ = watch(video(path))
    assert frames[-1].number == whole[-1].number
    assert [f.number for f in frames] == sorted({f.number for f in frames})


@pytest.mark.parametrize("seed", range(20))
def test_random_damage_is_a_clear_error_or_frames(film, seed):
    path = film(count=20)
    generator = np.random.default_rng(seed)
    data = bytearray(path.read_bytes())
    for place in generator.integers(len(data), size=30):
        data[place] = int(generator.integers(256))
    path.write_bytes(data)
    frames, told = outcome(path)
    numbers = [frame.number for frame in frames or []]
    assert numbers == sorted(set(numbers))
    assert frames is not None or "\n" not in told


@pytest.mark.parametrize(
    "content",
    [b"", b"not a video at all", os.urandom(5000), b"\x89PNG\r\n\x1a\n" + bytes(100), b"#EXTM3U\n/etc/passwd\n"],
)
def test_what_is_no_video_is_refused(tmp_path, content):
    path = tmp_path / "x.mp4"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"x\.mp4"):
        watch(video(path))


@pytest.mark.parametrize("name", ["list.m3u8", "list.ffconcat", "list.mpd", "list.sdp"])
def test_a_playlist_opens_no_other_file(film, tmp_path, name):
    path = film("secret.mp4")
    text = {
        "list.m3u8": f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{path}\n#EXT-X-ENDLIST\n",
        "list.ffconcat": f"ffconcat version 1.0\nfile '{path.name}'\n",
        "list.mpd": f'<MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><Period><BaseURL>{path}</BaseURL></Period></MPD>',
        "list.sdp": "v=0\nc=IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\na=rtpmap:96 H264/90000\n",
    }[name]
    (tmp_path / name).write_text(text)
    with pytest.raises(ValueError, match="not a video that can be read"):
        video(tmp_path / name)


def test_a_video_without_frames_is_refused(film):
    with pytest.raises(ValueError, match="no frames"):
        film(count=0)


def test_large_frames_are_refused_before_they_are_decoded(film, monkeypatch):
    path = film(height=480, width=640)
    monkeypatch.setattr(module, "MAX_PIXELS", 1000)
    with pytest.raises(ValueError, match="640 x 480 pixels"):
        video(path)


def test_a_video_of_too_many_frames_is_refused(film, monkeypatch):
    footage = video(film(count=9))
    monkeypatch.setattr(module, "MOST", 5)
    with pytest.raises(ValueError, match="more than 5 frames"):
        watch(footage)


def test_a_missing_video_or_a_folder_is_said(tmp_path):
    for path in (tmp_path / "none.mp4", tmp_path):
        with pytest.raises(FileNotFoundError, match="No video"):
            video(path)


def test_the_same_frames_give_the_same_bytes(tmp_path):
    for name in ("a", "b"):
        encode(tmp_path / name, colours(5), fps=5)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()

import numpy as np
import pytest

from passerby.gallery.record import Record
from passerby.gallery.where import Where

HALF = b"\xe9.jpg".decode(errors="surrogateescape")
"""How Python names a file whose name is no UTF-8."""


@pytest.mark.parametrize("text", [HALF, "a\0b"])
def test_a_text_that_no_store_can_keep_is_refused_where_it_is_given(text):
    with pytest.raises(ValueError, match="path is"):
        Record(embedding=np.ones(1, np.float32), path=text)
    for labels in ({"upper": text}, {text: "red"}):
        with pytest.raises(ValueError, match="A label says"):
            Record(embedding=np.ones(1, np.float32), labels=labels)
        with pytest.raises(ValueError, match="A label says"):
            Where(labels=labels)

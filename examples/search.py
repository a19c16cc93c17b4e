"""Rank a gallery for each query from descriptors that lie in files, and print the first three of each.

python examples/search.py QUERY.npz GALLERY.npz
"""

import sys
from pathlib import Path

from passerby import npz
from passerby.search.neighbours import neighbours


def main(query_file: str, gallery_file: str) -> None:
    query, gallery = npz.read(Path(query_file)), npz.read(Path(gallery_file))
    query.check_same_model(gallery)
    found = neighbours(query.vectors, gallery.vectors, k=min(3, len(gallery.crops)))
    for crop, rows, distances in zip(query.crops, found.indices.tolist(), found.distances.tolist(), strict=True):
        answers = ", ".join(f"{gallery.crops[r].path} ({d:.3f})" for r, d in zip(rows, distances, strict=True))
        print(f"{crop.path}: {answers}")


if __name__ == "__main__":
    main(*sys.argv[1:3])

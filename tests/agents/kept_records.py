"""The twenty records of `tests.agents.real_records`, kept: making them anew takes longer than asking about them.

    python -m tests.agents.kept_records

writes them anew, after records changed; the slow tests ask of new ones in any case.
"""

from __future__ import annotations

import gzip
import json
import tempfile
from pathlib import Path

from tests.agents.real_records import Made, twenty

FILE = Path(__file__).parent / "kept_records.json.gz"


def kept() -> list[Made]:
    """All of them, from the file."""
    content = json.loads(gzip.decompress(FILE.read_bytes()))
    books = content["books"]
    return [Made(one["sort"], books[one["book"]][one["place"]], books[one["book"]]) for one in content["made"]]


def keep(made: list[Made]) -> None:
    """Write them, each book once."""
    books = list({id(one.book): one.book for one in made}.values())
    places = [next((i, b.index(one.record)) for i, b in enumerate(books) if b is one.book) for one in made]
    listed = [{"sort": one.sort, "book": i, "place": at} for one, (i, at) in zip(made, places, strict=True)]
    content = json.dumps({"books": books, "made": listed}, separators=(",", ":")).encode()
    FILE.write_bytes(gzip.compress(content, 9, mtime=0))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as home:
        keep(twenty(Path(home)))

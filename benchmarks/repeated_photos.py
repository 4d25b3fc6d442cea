"""A datasource made larger: every photo several times with other bytes, so that no copy is an exact duplicate."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

_END_OF_START = 2  # a JPEG starts with two bytes; a comment may follow them


def repeat_photos(datasource: Path, task: str, *, times: int, folder: Path) -> int:
    """Fill `folder` with `times` copies of the JPEG files of `datasource` and their predictions; returns the images.

    A copy differs by a comment in its header: decoding gives the same pixels and takes the same time.
    """
    photos = sorted(datasource.glob("*.jpg"))
    predictions = datasource / ".lightly" / "predictions" / task
    if not photos or not (predictions / "schema.json").is_file():
        sys.exit(f"`{datasource}` holds no *.jpg files, or no `.lightly/predictions/{task}/schema.json`")
    target = folder / ".lightly" / "predictions" / task
    target.mkdir(parents=True)
    shutil.copyfile(predictions / "schema.json", target / "schema.json")
    (target.parent / "tasks.json").write_text(json.dumps([task]))
    for photo in photos:
        data = photo.read_bytes()
        document_path = predictions / f"{photo.stem}.json"
        document = json.loads(document_path.read_text()) if document_path.is_file() else None
        for copy in range(times):
            name = f"{photo.stem}_{copy:03d}"
            comment = f"copy {copy:06d}".encode()
            segment = b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment
            (folder / f"{name}.jpg").write_bytes(data[:_END_OF_START] + segment + data[_END_OF_START:])
            if document is not None:
                (target / f"{name}.json").write_text(json.dumps(document | {"file_name": f"{name}.jpg"}))
    return len(photos) * times

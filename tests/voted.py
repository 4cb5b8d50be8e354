"""A CSV of drawn faces with FER+'s votes beside it: ten annotators choose the label of every face but one."""

from pathlib import Path

import numpy as np
from csv_lines import HEADER, line

from fer_core.data import FaceDataset
from fer_core.data.votes import HEADER as VOTES_HEADER
from fer_core.labels import EMOTIONS, VOTES


def write_voted(folder: Path, faces: FaceDataset, contradicted: int) -> Path:
    """Write every tenth of the `faces`; of that at row `contradicted` the annotators choose Sad, or Happy if it is."""
    taken = np.arange(0, len(faces), 10)
    names = [EMOTIONS[code] for code in faces.emotion[taken]]
    pixels = (" ".join(map(str, image.flat)) for image in faces.images[taken])
    rows = map(line, faces.emotion[taken], faces.usage[taken], pixels)
    csv = folder / "icml_face_data.csv"
    csv.write_text("\n".join([HEADER, *rows]))
    names[contradicted] = "Sad" if names[contradicted] != "Sad" else "Happy"
    votes = [
        f"{usage},," + ",".join(str(10 * (choice == name)) for choice in VOTES)
        for usage, name in zip(faces.usage[taken], names, strict=True)
    ]
    (folder / "fer2013new.csv").write_text("\n".join([VOTES_HEADER, *votes]))
    return csv

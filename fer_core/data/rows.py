"""What is known of each face beside its pixels, as a table: for whoever trains with tools of their own."""

import numpy as np
import pandas as pd

from fer_core.data.copies import NEAR, audit, clean_training_rows, find_copies
from fer_core.data.dataset import FaceDataset
from fer_core.labels import EMOTIONS, get_scheme


def row_table(dataset: FaceDataset) -> pd.DataFrame:
    """One row a face of `dataset`, in its order; near copies are those from a cosine of `copies.NEAR` up.

    | column | dtype | values |
    |---|---|---|
    | `row` | int64 | place in the dataset, from 0 |
    | `usage`, `emotion` | str | FER's Usage; one of `labels.EMOTIONS` |
    | `blank` | bool | whether the image is blank |
    | `first` | int64 | the first row with the very same pixels |
    | `leak` | str | `exact` or `near` where a validation or test face is a copy of a Training face, else empty |
    | `clean_study`, `clean_all` | bool | Training rows to learn six or seven classes from: `clean_training_rows` |
    """
    copies = find_copies(dataset)
    clean = {
        f"clean_{name}": np.isin(np.arange(len(dataset)), clean_training_rows(dataset, get_scheme(name)))
        for name in ("study", "all")
    }
    known = {
        "row": np.arange(len(dataset)),
        "usage": dataset.usage,
        "emotion": np.array(EMOTIONS)[dataset.emotion],
        "blank": copies.blank,
        "first": copies.first,
        "leak": audit(dataset, NEAR).leak,
    }
    return pd.DataFrame(known | clean)

"""Both answers of a detector on held-out rows, and the verdicts that they give."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from tkit.bundle import VERDICTS, verdicts_of
from tkit.evaluate import Evaluation
from tkit.labels.headline import VISIBLE


class Answers(NamedTuple):
    """The cross-validated evaluation of both questions, of the same rows."""

    tracker: Evaluation
    individual: Evaluation

    def verdicts(self) -> pd.Series:
        """Return the verdict on each gold row, at the thresholds chosen on the training sides."""
        flagged = [answer.rows["called"].to_numpy(bool) for answer in self]
        return pd.Series(verdicts_of(flagged[0], flagged[1]), name="verdict")

    def by_label(self) -> pd.DataFrame:
        """Count the verdicts on the gold rows of confidence 2 and 3.

        Returns
        -------
        DataFrame
            One row per label (``T``, ``P, visible``, ``P, no size``, ``C``, ``S``, ``U``), of all mail and of each corpus:
            ``corpus``, ``label``, ``rows``, and the number of each verdict.
        """
        rows = self.tracker.rows
        visible = np.where(rows["long_side"] >= VISIBLE, "P, visible", "P, no size")
        label = rows["label"].where(rows["label"] != "P", pd.Series(visible, index=rows.index))
        sure = (rows["confidence"] >= 2) | (rows["label"] == "U")
        table = pd.DataFrame({"corpus": rows["corpus"], "label": label, "verdict": self.verdicts()})[sure]
        counted = pd.concat([table.assign(corpus="all"), table]).groupby(["corpus", "label"])["verdict"].value_counts()
        by_verdict = counted.unstack(fill_value=0).reindex(columns=list(VERDICTS[::-1]), fill_value=0)
        by_verdict.insert(0, "rows", by_verdict.sum(axis=1))
        return by_verdict.reset_index().rename_axis(columns=None)

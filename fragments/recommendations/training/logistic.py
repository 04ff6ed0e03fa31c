"""Logistic regression by Newton's method."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
RIDGE = 1.0


def logistic(rows: Floats, true: NDArray[np.bool_], ridge: float = RIDGE) -> Floats:
    """The weights of a logistic regression, the constant first, by Newton's method.

    ``ridge`` draws those of the standardised features to zero.
    """
    mean, spread = rows.mean(axis=0), rows.std(axis=0)
    spread[spread < 1e-9] = 1.0
    x = np.column_stack((np.ones(len(rows)), (rows - mean) / spread))
    penalty = np.full(x.shape[1], ridge)
    penalty[0] = 1e-6
    share = np.clip(true.mean(), 1e-6, 1 - 1e-6)
    weights = np.zeros(x.shape[1])
    weights[0] = np.log(share / (1 - share))
    loss = _loss(x, true, weights, penalty)
    for _ in range(50):
        p = 1 / (1 + np.exp(-np.clip(x @ weights, -35, 35)))
        slope = x.T @ (true - p) - penalty * weights
        curve = (x * (p * (1 - p))[:, None]).T @ x + np.diag(penalty)
        step = np.linalg.solve(curve, slope)
        for _ in range(20):  # shorter steps where the whole one goes too far
            after = _loss(x, true, weights + step, penalty)
            if after <= loss:
                break
            step = step / 2
        weights, gained, loss = weights + step, loss - after, after
        if gained < 1e-8 * len(rows):
            break
    own = weights[1:] / spread
    return np.concatenate(([weights[0] - own @ mean], own))


def _loss(
    x: Floats, true: NDArray[np.bool_], weights: Floats, penalty: Floats
) -> float:
    z = x @ weights
    return float(np.logaddexp(0, z).sum() - z[true].sum() + penalty @ weights**2 / 2)

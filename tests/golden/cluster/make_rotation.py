"""Writes cluster_{iris,usarrests,kz}_rotation.json beside this file.

    pip install numpy scikit-learn factor_analyzer
    python tests/golden/cluster/make_rotation.py

Varimax: factor_analyzer's rotation with Kaiser's normalisation, scikit-learn's without, of the first k
principal components of the standardised columns as correlations with them. Each is run to a tolerance
far below its default, and the components are sorted by the sum of squares they show.

Parallel analysis: eigenvalues by scikit-learn's PCA of 20 batches of 1,000 normal tables of the same size,
standardised; their mean and 0.95 quantile by batch, and the standard deviation between batches.
"""

import csv
import json
import platform
import warnings
from importlib.metadata import version
from pathlib import Path

import numpy as np
from factor_analyzer import Rotator
from sklearn.decomposition import PCA
from sklearn.decomposition._factor_analysis import _ortho_rotation

HERE = Path(__file__).parent
FILES = {"kz": "kz_regions_std.csv", "iris": "iris.csv", "usarrests": "usarrests.csv"}
KEPT = {"kz": (2, 4), "iris": (2, 3), "usarrests": (2, 3)}
BATCHES, DRAWS = 20, 1000


def data(name):
    with open(HERE / FILES[name], newline="") as file:
        rows = list(csv.reader(file))[1:]
    keep = [j for j, text in enumerate(rows[0]) if text.replace(".", "").replace("-", "").isdigit()]
    return standardised(np.array([[float(row[j]) for j in keep] for row in rows]))


def standardised(x):
    return (x - x.mean(axis=0)) / x.std(axis=0, ddof=1)


def tidy(loadings):
    """Larger components first, each with its largest loading positive."""
    loadings = loadings[:, np.argsort(-(loadings**2).sum(axis=0))]
    largest = loadings[np.abs(loadings).argmax(axis=0), np.arange(loadings.shape[1])]
    return (loadings * np.sign(largest)).tolist()


def varimax(x, k):
    found = PCA().fit(x)
    start = (found.components_.T * np.sqrt(found.explained_variance_))[:, :k]
    kaiser = Rotator(method="varimax", normalize=True, max_iter=100_000, tol=1e-15)
    plain = _ortho_rotation(start, method="varimax", tol=1e-15, max_iter=100_000)
    return {
        "k": k,
        "factor_analyzer_normalised": tidy(kaiser.fit_transform(start.copy())),
        "scikit-learn_plain": tidy(plain.T),
    }


def parallel(n, p):
    rng = np.random.default_rng(1)
    m = min(n - 1, p)

    def batch():
        tables = (standardised(rng.standard_normal((n, p))) for _ in range(DRAWS))
        values = np.array([PCA().fit(t).explained_variance_[:m] for t in tables])
        return values.mean(axis=0), np.quantile(values, 0.95, axis=0)

    batches = np.array([batch() for _ in range(BATCHES)])
    mean, spread = batches.mean(axis=0), batches.std(axis=0, ddof=1)
    return {
        "batches": BATCHES,
        "draws": DRAWS,
        "mean": mean[0].tolist(),
        "mean_sd_between_batches": spread[0].tolist(),
        "quantile_95": mean[1].tolist(),
        "quantile_95_sd_between_batches": spread[1].tolist(),
    }


def main():
    warnings.simplefilter("ignore")
    software = {p: version(p) for p in ("scikit-learn", "factor_analyzer", "numpy")}
    for name, kept in KEPT.items():
        x = data(name)
        document = {
            "software": {"python": platform.python_version(), **software},
            "data": f"{FILES[name]}, columns standardised (n - 1)",
            "varimax": [varimax(x, k) for k in kept],
            "parallel": parallel(*x.shape),
        }
        path = HERE / f"cluster_{name}_rotation.json"
        path.write_text(json.dumps(document) + "\n")
        print(name, document["parallel"]["quantile_95"][:4])


if __name__ == "__main__":
    main()

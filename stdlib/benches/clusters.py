"""The Python side of the benchmark of clusters; `clusters.rs` beside it runs it.

    pip install scikit-learn scipy fastcluster kmedoids
    python clusters.py TASK FOLDER THREADS

Reads the numbers that clusters.rs wrote into FOLDER and prints one line a peer: its name and
version, the best seconds (of CPU on one thread, of the clock on several), and a value of the result
by which the two sides are seen to have done the same.
"""

import sys
import time
import warnings
from importlib.metadata import version
from pathlib import Path

import numpy as np

TASK, FOLDER, THREADS = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
clock = time.thread_time if THREADS == 1 else time.perf_counter


def best(task, times=3):
    seconds, result = float("inf"), None
    for _ in range(times):
        start = clock()
        result = task()
        seconds = min(seconds, clock() - start)
    return seconds, result


def say(package, seconds, value):
    print(f"{package} {version(package)}\t{seconds!r}\t{float(value)!r}")


def read(name, columns):
    return np.fromfile(FOLDER / name, dtype="<f8").reshape(-1, columns)


def ward():
    import fastcluster
    import scipy.cluster.hierarchy

    x = read("ward.bin", 10)
    for package, linkage in [
        ("fastcluster", fastcluster.linkage),
        ("scipy", scipy.cluster.hierarchy.linkage),
    ]:
        seconds, tree = best(lambda: linkage(x, "ward"))
        say(package, seconds, tree[:, 2].sum())


def kmeans():
    from sklearn.cluster import KMeans

    x, centers = read("kmeans.bin", 17), read("centers.bin", 17)

    def fit(rounds):
        return KMeans(
            10, init=centers, n_init=1, max_iter=rounds, tol=0, algorithm=ALGORITHM, copy_x=False
        ).fit(x)

    for ALGORITHM in ["lloyd", "elkan"]:
        few, _ = best(lambda: fit(1), 4)
        many, model = best(lambda: fit(29), 4)
        assert model.n_iter_ == 29
        print(
            f"scikit-learn {version('scikit-learn')} {ALGORITHM}\t{(many - few) / 28!r}\t"
            f"{model.inertia_!r}"
        )


def silhouette():
    from sklearn.metrics import silhouette_score

    x, labels = read("ward.bin", 10), read("labels.bin", 1)[:, 0].astype(int)
    seconds, value = best(lambda: silhouette_score(x, labels), 5)
    say("scikit-learn", seconds, value)


def gap(starts):
    from sklearn.cluster import KMeans

    x = read("gap.bin", 17)
    centre = x.mean(axis=0)
    axes = np.linalg.svd(x - centre, full_matrices=False)[2]
    turned = (x - centre) @ axes.T
    low, high = turned.min(axis=0), turned.max(axis=0)

    def curve(y):
        return [
            np.log(KMeans(k, n_init=starts, random_state=1).fit(y).inertia_) for k in range(1, 11)
        ]

    def whole():
        rng = np.random.default_rng(1)
        sets = [rng.uniform(low, high, x.shape) @ axes + centre for _ in range(100)]
        return np.mean([curve(y) for y in sets], axis=0) - curve(x)

    seconds, values = best(whole, 2 if starts == 1 else 1)
    name = f"scikit-learn {version('scikit-learn')}, n_init {starts}"
    print(f"{name}\t{seconds!r}\t{float(values[3])!r}")


def gap1():
    gap(1)


def gap10():
    gap(10)


def pam():
    import kmedoids
    from scipy.spatial.distance import cdist

    x = read("pam.bin", 10)
    d = cdist(x, x)
    for init in ("random", "build"):
        seconds, found = best(
            lambda: kmedoids.fasterpam(d, 10, init=init, random_state=1, n_cpu=THREADS), 7
        )
        print(f"kmedoids {version('kmedoids')}, {init}\t{seconds!r}\t{found.loss / len(x)!r}")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    globals()[TASK]()

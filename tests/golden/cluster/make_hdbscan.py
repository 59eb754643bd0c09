"""Writes cluster_{iris,usarrests,kz}_hdbscan.json beside this file.

    pip install numpy scipy scikit-learn hdbscan
    python tests/golden/cluster/make_hdbscan.py

"scikit-learn" holds that package's labels and probabilities. It cuts edges of equal length one by one, in
an order that depends on that of the rows: every setting is run on 40 orders, and the units that differ
between them are listed as undecided, those that differ from the definition as differs. "definition" follows Campello, Moulavi and Sander (2013) and
Campello and others (2015) to the letter, by connected components at every level, on small data only; the
package hdbscan (whose min_samples does not count the unit itself) agrees with its outlier scores wherever
no edges are equal, which this script asserts.
"""

import csv
import json
import platform
import warnings
from collections import Counter
from importlib.metadata import version
from pathlib import Path

import hdbscan
import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components, minimum_spanning_tree
from scipy.spatial.distance import cdist
from sklearn.cluster import HDBSCAN

HERE = Path(__file__).parent
SETTINGS = {
    "kz": [(3, 2, "eom"), (3, 3, "eom"), (2, 2, "leaf"), (5, 2, "eom")],
    "iris": [(5, 5, "eom"), (5, 5, "leaf"), (10, 5, "eom"), (10, 10, "leaf")],
    "usarrests": [(3, 3, "eom"), (3, 3, "leaf"), (5, 2, "eom"), (4, 2, "leaf")],
}
FILES = {"kz": "kz_regions_std.csv", "iris": "iris.csv", "usarrests": "usarrests.csv"}


def data(name):
    with open(HERE / FILES[name], newline="") as file:
        rows = list(csv.reader(file))[1:]
    keep = [j for j, text in enumerate(rows[0]) if text.replace(".", "").replace("-", "").isdigit()]
    x = np.array([[float(row[j]) for j in keep] for row in rows])
    return (x - x.mean(axis=0)) / x.std(axis=0, ddof=1) if name == "usarrests" else x


def numbered(labels):
    """Clusters from 1 in order of first appearance, noise 0."""
    seen = {}
    return [0 if l < 0 else seen.setdefault(l, len(seen) + 1) for l in labels.tolist()]


def fit(x, size, samples, selection):
    model = HDBSCAN(
        min_cluster_size=size,
        min_samples=samples,
        cluster_selection_method=selection,
        algorithm="brute",
        copy=True,
    ).fit(x)
    return numbered(model.labels_), model.probabilities_


def reachability(x, samples):
    d = cdist(x, x)
    core = np.sort(d, axis=1)[:, samples - 1]
    reach = np.maximum(np.maximum(d, core[:, None]), core[None, :])
    np.fill_diagonal(reach, 0)
    return reach


def components(reach, units, below):
    """Parts of `units` that hang together by distances of which `below` is true."""
    graph = csr_matrix(below(reach[np.ix_(units, units)]))
    count, part = connected_components(graph, directed=False)
    return [units[part == c] for c in range(count)]


def definition(reach, size, selection):
    n = len(reach)
    levels = np.unique(reach[np.triu_indices(n, 1)])
    assert levels[0] > 0
    tree = [{"birth": 0.0, "units": np.arange(n), "children": [], "stability": 0.0, "death": 0.0}]
    last, left = np.zeros(n, int), np.zeros(n)

    def cut(units, own):
        # The least level at which the units hang together.
        low, high = 0, len(levels) - 1
        while low < high:
            middle = (low + high) // 2
            if len(components(reach, units, lambda d: d <= levels[middle])) == 1:
                high = middle
            else:
                low = middle + 1
        density = 1 / levels[low]
        parts = components(reach, units, lambda d: d < levels[low])
        large = [p for p in parts if len(p) >= size]
        leaving = [p for p in parts if len(p) < size]
        for part in leaving:
            last[part], left[part] = own, density
        if len(large) != 1:
            leaving += large
        cluster = tree[own]
        for part in leaving:
            cluster["stability"] += (density - cluster["birth"]) * len(part)
            cluster["death"] = density
        if len(large) == 1:
            cut(large[0], own)
            return
        for part in large:
            tree.append({"birth": density, "units": part, "children": [], "stability": 0.0, "death": 0.0})
            cluster["children"].append(len(tree) - 1)
            cut(part, len(tree) - 1)

    cut(np.arange(n), 0)

    def eom(c):
        below = [eom(child) for child in tree[c]["children"]]
        total = sum(s for s, _ in below)
        if c == 0 or total > tree[c]["stability"]:
            return total, [x for _, chosen in below for x in chosen]
        return tree[c]["stability"], [c]

    def leaves(c):
        children = tree[c]["children"]
        return [x for child in children for x in leaves(child)] if children else [c] * (c > 0)

    def peak(c):
        return max([tree[c]["death"]] + [peak(child) for child in tree[c]["children"]])

    labels, probabilities = np.full(n, -1), np.zeros(n)
    for c in eom(0)[1] if selection == "eom" else leaves(0):
        units = tree[c]["units"]
        labels[units] = c
        probabilities[units] = np.minimum(left[units] / tree[c]["death"], 1)
    scores = 1 - left / np.array([peak(c) for c in last])
    return numbered(labels), probabilities, scores, sorted(c["stability"] for c in tree)


def matched(labels, base):
    """The labels with each cluster called as the one of `base` that it shares most units with."""
    most = {c: Counter(b for l, b in zip(labels, base) if l == c).most_common(1) for c in labels}
    return [most[l][0][0] if l else 0 for l in labels]


def reference(x, size, samples, selection):
    labels, probabilities = fit(x, size, samples, selection)
    rng = np.random.default_rng(1)
    undecided = set()
    for _ in range(40):
        order = rng.permutation(len(x))
        found = fit(x[order], size, samples, selection)
        back = np.argsort(order)
        again, p = np.array(found[0])[back].tolist(), found[1][back]
        for i, (a, b) in enumerate(zip(labels, matched(again, labels))):
            if a != b or abs(p[i] - probabilities[i]) > 1e-9:
                undecided.add(i)
    reach = reachability(x, samples)
    ours = definition(reach, size, selection)
    same = matched(ours[0], labels)
    differs = {
        i
        for i in range(len(x))
        if same[i] != labels[i] or abs(ours[1][i] - probabilities[i]) > 1e-9
    }
    edges = minimum_spanning_tree(reach).data
    if len(np.unique(edges)) == len(edges):
        assert not undecided and not differs
        other = hdbscan.HDBSCAN(
            min_cluster_size=size,
            min_samples=samples - 1,
            cluster_selection_method=selection,
            algorithm="generic",
        ).fit(x)
        np.testing.assert_allclose(other.outlier_scores_, ours[2], atol=1e-12)
    return {
        "min_cluster_size": size,
        "min_samples": samples,
        "selection": selection,
        "scikit-learn": {
            "labels": labels,
            "probabilities": probabilities.tolist(),
            "undecided": sorted(undecided),
            "differs": sorted(differs),
        },
        "definition": {
            "labels": ours[0],
            "probabilities": ours[1].tolist(),
            "outlier_scores": ours[2].tolist(),
            "stabilities": ours[3],
        },
    }


def main():
    warnings.simplefilter("ignore")
    software = {p: version(p) for p in ("scikit-learn", "hdbscan", "scipy", "numpy")}
    for name, settings in SETTINGS.items():
        x = data(name)
        cases = [reference(x, *setting) for setting in settings]
        for case in cases:
            there = case["scikit-learn"]
            k, noise = max(there["labels"]), there["labels"].count(0)
            print(
                f"{name}, {case['selection']}: k {k}, noise {noise}; of {len(x)} units undecided "
                f"{len(there['undecided'])}, by definition another {len(there['differs'])}"
            )
        document = {
            "software": {"python": platform.python_version(), **software},
            "data": f"{FILES[name]}, euclidean distance",
            "cases": cases,
        }
        path = HERE / f"cluster_{name}_hdbscan.json"
        path.write_text(json.dumps(document) + "\n")


if __name__ == "__main__":
    main()

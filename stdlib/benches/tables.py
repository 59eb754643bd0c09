"""Tables at a million rows: esep, pandas and polars on the same files in one run.

    pip install pandas polars pyarrow
    python stdlib/benches/tables.py [FOLDER]

FOLDER keeps the data (some 170 MB) between runs; the system's temporary folder by default.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd
import polars as pl

TASKS = {
    "read": "read 1,000,000 x 20 CSV",
    "group": "mean over 1,000 groups",
    "join": "join 1,000,000 with 10,000",
    "filter": "filter by two conditions",
    "sort": "sort by one column",
}


def best(task):
    """The fastest of three runs, in seconds, and the last result."""
    seconds, result = float("inf"), None
    for _ in range(3):
        start = time.perf_counter()
        result = task()
        seconds = min(seconds, time.perf_counter() - start)
    return seconds, result


def esep(folder):
    command = ["cargo", "bench", "-q", "-p", "esep-stdlib", "--bench", "tables", "--", str(folder)]
    root = Path(__file__).resolve().parents[2]
    lines = subprocess.run(command, cwd=root, check=True, capture_output=True, text=True).stdout
    return {name: float(s) for name, s in (line.split() for line in lines.splitlines() if line)}


def pandas(folder):
    times = {}
    times["read"], big = best(lambda: pd.read_csv(folder / "big.csv"))
    small = pd.read_csv(folder / "small.csv")
    times["group"], _ = best(lambda: big.groupby("k", sort=False)["x1"].mean())
    times["join"], _ = best(lambda: big.merge(small, on="id", how="left"))
    times["filter"], _ = best(lambda: big[(big["x1"] > 50) & (big["g"] != "g7")])
    times["sort"], _ = best(lambda: big.sort_values("x1"))
    return times


def polars(folder):
    times = {}
    times["read"], big = best(lambda: pl.read_csv(folder / "big.csv"))
    small = pl.read_csv(folder / "small.csv")
    mean = pl.col("x1").mean()
    times["group"], _ = best(lambda: big.group_by("k", maintain_order=True).agg(mean))
    times["join"], _ = best(lambda: big.join(small, on="id", how="left"))
    condition = (pl.col("x1") > 50) & (pl.col("g") != "g7")
    times["filter"], _ = best(lambda: big.filter(condition))
    times["sort"], _ = best(lambda: big.sort("x1"))
    return times


def main():
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.gettempdir())
    ours = esep(folder)
    theirs = {"pandas": pandas(folder), "polars": polars(folder)}
    print(f"pandas {pd.__version__}, polars {pl.__version__}; seconds, and esep's time over theirs")
    print(f"{'':28}{'esep':>8}{'pandas':>9}{'ratio':>7}{'polars':>9}{'ratio':>7}")
    for task, title in TASKS.items():
        row = f"{title:28}{ours[task]:8.3f}"
        for times in theirs.values():
            row += f"{times[task]:9.3f}{ours[task] / times[task]:7.2f}"
        print(row)


if __name__ == "__main__":
    main()

"""How fast the kernel is, beside ipykernel on the same machine in the same minute.

    ESEP=target/release/esep python tests/jupyter/bench.py [--rounds N]

needs ipykernel and psutil beside the packages of requirements.txt. It prints a table; a ratio
above 1 says how many times faster (or smaller) esep is.
"""

import argparse
import os
import statistics
import sys
import time

os.environ.setdefault("ESEP", os.path.abspath("target/release/esep"))
# ipykernel's own kernelspec lies under the interpreter's prefix.
import support  # noqa: E402

os.environ["JUPYTER_PATH"] += os.pathsep + os.path.join(sys.prefix, "share", "jupyter")

import psutil  # noqa: E402
from jupyter_client.manager import KernelManager  # noqa: E402

PATIENCE = 60
CODE = {
    "esep": {
        "print": "for i in 0..2000 { print(i); }",
        "loop": "let n = 0; loop { n += 1; }",
        "kept": "let kept = 1;",
        "complete": "stand",
    },
    "python3": {
        "print": "for i in range(2000): print(i)",
        "loop": "n = 0\nwhile True: n += 1",
        "kept": "kept = 1",
        "complete": "prin",
    },
}


def clock():
    return time.perf_counter()


def reply(client, request):
    while True:
        message = client.get_shell_msg(timeout=PATIENCE)
        if message["parent_header"].get("msg_id") == request:
            return message


def until_idle(client, request):
    pieces = 0
    while True:
        message = client.get_iopub_msg(timeout=PATIENCE)
        if message["parent_header"].get("msg_id") != request:
            continue
        pieces += message["msg_type"] == "stream"
        if message["content"].get("execution_state") == "idle":
            return pieces


def memory(pid):
    process = psutil.Process(pid)
    family = [process, *process.children(recursive=True)]
    return sum(one.memory_info().rss for one in family) / 2**20


def launch(name):
    """Starts a kernel; gives it with the time to its first reply and to its first cell's idle."""
    manager = KernelManager(kernel_name=name)
    began = clock()
    manager.start_kernel()
    client = manager.client()
    client.start_channels()
    request = client.kernel_info()
    reply(client, request)
    start = clock() - began
    client.wait_for_ready(timeout=PATIENCE)
    began = clock()
    reply(client, client.execute("1+1"))
    first = clock() - began
    return manager, client, start, first


def drain(client):
    while True:
        try:
            client.get_iopub_msg(timeout=0.2)
        except Exception:
            return


def measure(name, rounds):
    code = CODE[name]
    seen = {}

    def note(what, seconds):
        seen.setdefault(what, []).append(seconds * 1e3)

    for round_number in range(rounds):
        manager, client, start, first = launch(name)
        try:
            note("start to first reply, ms", start)
            note("first cell, ms", first)
            seen.setdefault("memory after start, MiB", []).append(
                memory(manager.provisioner.process.pid)
            )
            drain(client)
            for _ in range(100):
                began = clock()
                request = client.execute("1+1")
                reply(client, request)
                note("1+1 to reply, ms", clock() - began)
                until_idle(client, request)
                note("1+1 to idle, ms", clock() - began)
            for _ in range(20):
                began = clock()
                reply(client, client.complete(code["complete"]))
                note("completion, ms", clock() - began)
            drain(client)
            began = clock()
            request = client.execute(code["print"])
            reply(client, request)
            pieces = until_idle(client, request)
            note("2000 printed lines, ms", clock() - began)
            seen.setdefault("2000 printed lines, messages", []).append(pieces)
            reply(client, client.execute(code["kept"]))
            drain(client)
            for _ in range(3):
                request = client.execute(code["loop"])
                support.wait_until_busy(client, request)
                time.sleep(0.1)
                began = clock()
                manager.interrupt_kernel()
                reply(client, request)
                note("interrupt to reply, ms", clock() - began)
                until_idle(client, request)
            kept = reply(client, client.execute("kept"))["content"]["status"]
            seen.setdefault("variables kept", []).append(float(kept == "ok"))
            seen.setdefault("memory after runs, MiB", []).append(
                memory(manager.provisioner.process.pid)
            )
            began = clock()
            client.shutdown()
            manager.provisioner.process.wait(timeout=PATIENCE)
            note("shutdown, ms", clock() - began)
        finally:
            client.stop_channels()
            manager.shutdown_kernel(now=True)
    return seen


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    ours, theirs = measure("esep", rounds), measure("python3", rounds)
    print(f"{'median (min-max)':32} {'esep':>24} {'ipykernel':>24} {'ratio':>8}")
    for what in ours:
        def text(values):
            return f"{statistics.median(values):.2f} ({min(values):.2f}-{max(values):.2f})"

        mine, other = statistics.median(ours[what]), statistics.median(theirs[what])
        ratio = f"{other / mine:.1f}" if mine else "-"
        print(f"{what:32} {text(ours[what]):>24} {text(theirs[what]):>24} {ratio:>8}")


if __name__ == "__main__":
    main()

"""Starts the kernel under test for the clients.

The program is named by ESEP; it installs its own kernelspec into a folder of this run, so that
what Jupyter finds is what users get.
"""

import atexit
import os
import shutil
import subprocess
import tempfile
import time

PROGRAM = os.environ["ESEP"]
KERNEL = "esep"
PATIENCE = 20

_HOME = tempfile.mkdtemp(prefix="esep-clients-")
atexit.register(shutil.rmtree, _HOME, ignore_errors=True)

for variable, folder in {
    "JUPYTER_CONFIG_DIR": "config",
    "JUPYTER_DATA_DIR": "data",
    "JUPYTER_RUNTIME_DIR": "runtime",
    "ESEP_STATE_DIR": "state",
}.items():
    os.environ[variable] = os.path.join(_HOME, folder)
os.environ["JUPYTER_PATH"] = os.path.join(_HOME, "prefix", "share", "jupyter")
os.environ["JUPYTER_PLATFORM_DIRS"] = "1"

INSTALLED = subprocess.run(
    [PROGRAM, "install", "--prefix", os.path.join(_HOME, "prefix")],
    check=True,
    capture_output=True,
    text=True,
).stdout

from jupyter_client.manager import KernelManager, start_new_kernel  # noqa: E402


def start(**options):
    """A running kernel's manager and client."""
    return start_new_kernel(kernel_name=KERNEL, startup_timeout=PATIENCE, **options)


class Told:
    """A reply and what was published on the way, `busy` and `idle` left out."""

    def __init__(self, reply, published):
        self.reply = reply
        self.published = published

    def kinds(self):
        return [message["msg_type"] for message in self.published]

    def of(self, kind):
        return [m["content"] for m in self.published if m["msg_type"] == kind]

    def text(self, name="stdout"):
        return "".join(c["text"] for c in self.of("stream") if c["name"] == name)

    def result(self, mime="text/plain"):
        found = self.of("execute_result")
        return found[0]["data"].get(mime) if found else None


def told(client, request):
    """Everything about one request, in order: busy first, idle last."""
    reply = client.get_shell_msg(timeout=PATIENCE)
    while reply["parent_header"].get("msg_id") != request:
        reply = client.get_shell_msg(timeout=PATIENCE)
    return Told(reply["content"], published(client, request))


def published(client, request):
    """What is published for one request, up to `idle`."""
    found = []
    busy = False
    while True:
        message = client.get_iopub_msg(timeout=PATIENCE)
        if message["parent_header"].get("msg_id") != request:
            continue
        if message["msg_type"] == "status":
            if message["content"]["execution_state"] == "idle":
                assert busy, "idle without busy"
                return found
            busy = True
        else:
            assert busy, f"{message['msg_type']} before busy"
            found.append(message)


def run(client, code, **options):
    """Runs a cell and gives everything about it."""
    return told(client, client.execute(code, **options))


def wait_until_busy(client, request):
    """Returns when the kernel has begun with a request."""
    while True:
        message = client.get_iopub_msg(timeout=PATIENCE)
        ours = message["parent_header"].get("msg_id") == request
        if ours and message["msg_type"] == "execute_input":
            time.sleep(0.05)
            return

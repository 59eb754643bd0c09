"""The REPL on a real terminal: a pseudo-terminal stands in for the user's."""

import os
import pty
import re
import select
import signal
import subprocess
import tempfile
import time
import unittest

PROGRAM = os.environ["ESEP"]
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>]")


class Terminal:
    """A REPL and the keyboard and screen in front of it."""

    def __init__(self, state, **variables):
        self.keyboard, theirs = pty.openpty()
        environment = dict(os.environ, ESEP_STATE_DIR=state, TERM="xterm", **variables)
        self.process = subprocess.Popen(
            [PROGRAM],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=environment,
            start_new_session=True,
            preexec_fn=take_terminal,
        )
        os.close(theirs)
        self.raw = ""
        self.unread = ""

    def type(self, text):
        os.write(self.keyboard, text.encode())

    def until(self, wanted, patience=20):
        """Reads the screen until `wanted` appears, and gives what came, escapes removed."""
        end = time.monotonic() + patience
        while True:
            clean = ESCAPES.sub("", self.unread)
            if wanted in clean:
                at = clean.index(wanted) + len(wanted)
                self.unread = clean[at:]
                return clean[:at]
            if time.monotonic() > end:
                raise AssertionError(f"{wanted!r} did not appear in {clean!r}")
            if select.select([self.keyboard], [], [], 0.1)[0]:
                try:
                    piece = os.read(self.keyboard, 65536).decode(errors="replace")
                except OSError:
                    piece = ""
                self.raw += piece
                self.unread += piece

    def prompt(self):
        """Waits for a fresh prompt; the line being typed is redrawn with one as well."""
        return self.until("\n\r> ")

    def close(self):
        self.process.kill()
        self.process.wait()
        os.close(self.keyboard)


def take_terminal():
    """Makes the pseudo-terminal the controlling one, so that Ctrl-C reaches the program."""
    import fcntl
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


class Repl(unittest.TestCase):
    def open(self, **variables):
        if not hasattr(self, "state"):
            folder = tempfile.TemporaryDirectory()
            self.addCleanup(folder.cleanup)
            self.state = folder.name
        terminal = Terminal(self.state, **variables)
        self.addCleanup(terminal.close)
        terminal.prompt()
        return terminal

    def leave(self, terminal):
        terminal.type(":quit\r")
        self.assertEqual(terminal.process.wait(timeout=20), 0)

    def test_values_state_and_multi_line_cells(self):
        terminal = self.open()
        terminal.type("let a = 20;\r")
        terminal.prompt()
        terminal.type("fn twice(x) {\r2 * x }\r")
        terminal.prompt()
        terminal.type("twice(a) + 2\r")
        terminal.until("\n42")
        self.leave(terminal)

    def test_ctrl_c_stops_a_cell_and_keeps_variables(self):
        terminal = self.open()
        terminal.type("let kept = 41;\r")
        terminal.prompt()
        terminal.type("loop { }\r")
        time.sleep(0.5)
        terminal.type("\x03")
        terminal.until("interrupted")
        terminal.prompt()
        terminal.type("kept + 1\r")
        terminal.until("\n42")
        # At the prompt Ctrl-C drops the line and Ctrl-D leaves.
        terminal.type("half a line\x03")
        terminal.until("Ctrl-D")
        terminal.prompt()
        terminal.type("\x04")
        self.assertEqual(terminal.process.wait(timeout=20), 0)

    def test_tab_completes_names_and_columns(self):
        terminal = self.open()
        terminal.type("standardis\t")
        terminal.until("standardise")
        terminal.type("\x15let regions = load(\"regions_2023\");\r")
        terminal.prompt()
        terminal.type("regions.manuf_ou\t")
        terminal.until("manuf_output")
        terminal.type("\x15")
        self.leave(terminal)

    def test_history_is_there_next_time(self):
        terminal = self.open()
        terminal.type("6 * 7\r")
        terminal.until("\n42")
        self.leave(terminal)
        again = self.open()
        again.type("\x1b[A")
        again.until("6 * 7")
        again.type("\r")
        again.until("\n42")
        self.leave(again)

    def test_colours_unless_refused(self):
        terminal = self.open()
        terminal.type("let a = 1;\r")
        terminal.prompt()
        self.assertIn("\x1b[35mlet", terminal.raw)
        self.leave(terminal)
        plain = self.open(NO_COLOR="1")
        plain.type("no_such_function(1)\r")
        plain.until("error")
        self.assertNotRegex(plain.raw, "\x1b\\[[0-9;]*m")
        self.leave(plain)

    def test_an_unheard_ctrl_c_does_not_trap_the_user(self):
        terminal = self.open()
        os.kill(terminal.process.pid, signal.SIGTERM)
        terminal.process.wait(timeout=20)


if __name__ == "__main__":
    unittest.main()

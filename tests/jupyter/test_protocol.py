"""What the conformance suite leaves out, each seen through jupyter_client."""

import json
import os
import signal
import time
import unittest

import zmq
from jupyter_client import BlockingKernelClient
from jupyter_client.kernelspec import KernelSpecManager

import support
from support import PATIENCE, run, told


class Kernel(unittest.TestCase):
    """One kernel for the tests of a class."""

    @classmethod
    def setUpClass(cls):
        cls.manager, cls.client = support.start()

    @classmethod
    def tearDownClass(cls):
        cls.client.stop_channels()
        cls.manager.shutdown_kernel()

    def run_ok(self, code, **options):
        seen = run(self.client, code, **options)
        self.assertEqual(seen.reply["status"], "ok", seen.reply)
        return seen


class Installed(unittest.TestCase):
    def test_jupyter_finds_what_install_wrote_and_where_it_said(self):
        spec = KernelSpecManager().get_kernel_spec(support.KERNEL)
        self.assertIn(spec.resource_dir, support.INSTALLED)
        self.assertEqual(spec.display_name, "Esep")
        self.assertEqual(spec.language, "rhai")
        self.assertTrue(os.path.isabs(spec.argv[0]))
        self.assertEqual(spec.argv[1:], ["kernel", "{connection_file}"])
        for logo in ("logo-svg.svg", "logo-32x32.png", "logo-64x64.png"):
            self.assertTrue(os.path.getsize(os.path.join(spec.resource_dir, logo)) > 0)
        with open(os.path.join(spec.resource_dir, "kernel.json")) as file:
            self.assertEqual(json.load(file)["interrupt_mode"], "message")


class Interrupts(Kernel):
    def interrupted(self, interrupt):
        self.run_ok("let kept = 41;")
        request = self.client.execute("let counted = 0; loop { counted += 1; }")
        support.wait_until_busy(self.client, request)
        began = time.perf_counter()
        interrupt()
        reply = self.client.get_shell_msg(timeout=PATIENCE)
        took = time.perf_counter() - began
        self.assertEqual(reply["parent_header"]["msg_id"], request)
        self.assertEqual(reply["content"]["status"], "error")
        self.assertEqual(reply["content"]["ename"], "Interrupted")
        self.assertLess(took, 2.0)
        self.assertEqual(self.run_ok("kept + 1").result(), "42")
        # What the interrupted cell itself had assigned is there as well.
        self.assertEqual(self.run_ok("counted > 0").result(), "true")

    def test_by_message(self):
        self.interrupted(self.manager.interrupt_kernel)

    def test_by_signal(self):
        pid = self.manager.provisioner.process.pid
        self.interrupted(lambda: os.kill(pid, signal.SIGINT))

    def test_with_nothing_to_interrupt(self):
        self.manager.interrupt_kernel()
        os.kill(self.manager.provisioner.process.pid, signal.SIGINT)
        time.sleep(0.1)
        self.assertEqual(self.run_ok("1 + 1").result(), "2")

    def test_kernel_info_on_control_while_a_cell_runs(self):
        request = self.client.execute("loop { }")
        support.wait_until_busy(self.client, request)
        message = self.client.session.msg("kernel_info_request", {})
        self.client.control_channel.send(message)
        reply = self.client.get_control_msg(timeout=PATIENCE)
        self.assertEqual(reply["msg_type"], "kernel_info_reply")
        self.manager.interrupt_kernel()
        self.assertEqual(self.client.get_shell_msg(timeout=PATIENCE)["content"]["status"], "error")


class Queue(Kernel):
    def test_an_error_aborts_what_was_queued(self):
        first = self.client.execute('print("first"); let t = 0; for i in 0..200000 { t += i; }')
        failing = self.client.execute('no_such_function(1)')
        queued = [self.client.execute(f"{i}") for i in range(3)]
        self.assertEqual(told(self.client, first).reply["status"], "ok")
        self.assertEqual(told(self.client, failing).reply["status"], "error")
        for request in queued:
            seen = told(self.client, request)
            self.assertEqual(seen.reply["status"], "aborted")
            self.assertEqual(seen.kinds(), [])
        self.run_ok("1")

    def test_unless_the_client_says_otherwise(self):
        failing = self.client.execute("no_such_function(1)", stop_on_error=False)
        queued = self.client.execute("1")
        self.assertEqual(told(self.client, failing).reply["status"], "error")
        self.assertEqual(told(self.client, queued).reply["status"], "ok")

    def test_many_requests_at_once_are_answered_in_order(self):
        requests = []
        for number in range(60):
            requests.append(self.client.execute(f"print({number})"))
            requests.append(self.client.complete("pri"))
            requests.append(self.client.is_complete("fn f() {"))
        for request in requests:
            reply = self.client.get_shell_msg(timeout=PATIENCE)
            self.assertEqual(reply["parent_header"]["msg_id"], request)
            self.assertNotEqual(reply["content"]["status"], "error")
        printed = [
            c["text"] for r in requests[::3] for c in support.Told({}, support.published(self.client, r)).of("stream")
        ]
        self.assertEqual(printed, [f"{number}\n" for number in range(60)])

    def test_two_clients_share_one_kernel(self):
        other = BlockingKernelClient(connection_file=self.manager.connection_file)
        other.load_connection_file()
        other.start_channels()
        try:
            other.wait_for_ready(timeout=PATIENCE)
            self.run_ok("let common = 5;")
            seen = run(other, "common * 2")
            self.assertEqual(seen.result(), "10")
        finally:
            other.stop_channels()

    def test_printing_much_comes_in_few_pieces_and_whole(self):
        seen = self.run_ok("for i in 0..2000 { print(i); }")
        self.assertEqual(seen.text(), "".join(f"{i}\n" for i in range(2000)))
        self.assertLess(len(seen.of("stream")), 50)


class Cells(Kernel):
    def test_silent_and_unstored_cells_do_not_count(self):
        before = self.run_ok("1").reply["execution_count"]
        self.assertEqual(self.run_ok("2", silent=True).kinds(), [])
        self.run_ok("3", store_history=False)
        self.assertEqual(self.run_ok("4").reply["execution_count"], before + 1)

    def test_user_expressions(self):
        seen = self.run_ok("let u = 6;", user_expressions={"good": "u * 7", "bad": "no_such_name"})
        values = seen.reply["user_expressions"]
        self.assertEqual(values["good"]["data"]["text/plain"], "42")
        self.assertEqual(values["bad"]["status"], "error")
        self.assertTrue(values["bad"]["ename"])

    def test_an_error_says_where_and_what_to_do_and_loses_nothing(self):
        self.run_ok("let survivor = 1;")
        seen = run(self.client, "survivor = 2;\nlet x = lod(1);")
        self.assertEqual(seen.reply["status"], "error")
        report = "\n".join(seen.reply["traceback"])
        self.assertIn("line 2", report)
        self.assertIn("load", report)
        self.assertEqual(self.run_ok("survivor").result(), "2")

    def test_functions_live_on(self):
        self.run_ok("fn twice(x) { 2 * x }")
        self.assertEqual(self.run_ok("twice(4)").result(), "8")

    def test_cursors_are_code_points(self):
        # The letter outside the basic plane is one code point, two UTF-16 units and four bytes.
        code = 'let a = "\U0001d53c\u04d9"; standardi'
        request = self.client.complete(code, cursor_pos=len(code))
        reply = told(self.client, request).reply
        start = code.index("standardi")
        self.assertEqual((reply["cursor_start"], reply["cursor_end"]), (start, len(code)))
        self.assertIn("standardise", reply["matches"])


class Questions(Kernel):
    def asked(self, code):
        request = self.client.execute(code, allow_stdin=True)
        return request, self.client.get_stdin_msg(timeout=PATIENCE)

    def test_a_cell_asks_and_goes_on_with_the_answer(self):
        request, question = self.asked('print("before"); let who = input("who? "); who + "!"')
        self.assertEqual(question["msg_type"], "input_request")
        self.assertEqual(question["content"], {"prompt": "who? ", "password": False})
        self.assertEqual(question["parent_header"]["msg_id"], request)
        self.client.input("\u04d8lem")
        seen = told(self.client, request)
        self.assertEqual(seen.text(), "before\n")
        self.assertIn("\u04d8lem!", seen.result())

    def test_a_waiting_cell_can_be_interrupted(self):
        request, _ = self.asked('input("who? ")')
        self.manager.interrupt_kernel()
        seen = told(self.client, request)
        self.assertEqual(seen.reply["ename"], "Interrupted")
        # The answer that comes too late is not taken for the next question.
        self.client.input("late")
        time.sleep(0.1)
        request, _ = self.asked('input("again? ")')
        self.client.input("in time")
        self.assertIn("in time", told(self.client, request).result())

    def test_a_client_that_takes_no_questions_gets_an_error(self):
        seen = run(self.client, 'input("who? ")', allow_stdin=False)
        self.assertEqual(seen.reply["status"], "error")
        self.assertIn("nobody can answer", seen.reply["evalue"])


class Security(Kernel):
    def test_a_message_with_another_key_is_not_answered(self):
        forger = BlockingKernelClient(connection_file=self.manager.connection_file)
        forger.load_connection_file()
        forger.session.key = b"not the key"
        forger.start_channels(hb=False)
        try:
            forger.execute('let forged = 1;')
            self.assertFalse(forger.shell_channel.socket.poll(500, zmq.POLLIN))
        finally:
            forger.stop_channels()
        self.assertEqual(run(self.client, "forged").reply["status"], "error")
        self.run_ok("1")

    def test_the_heartbeat_echoes(self):
        with zmq.Context() as context, context.socket(zmq.REQ) as socket:
            socket.linger = 0
            socket.connect(f"tcp://{self.manager.ip}:{self.manager.hb_port}")
            for beat in (b"ping", b"", b"\x00\xff"):
                socket.send(beat)
                self.assertTrue(socket.poll(5000))
                self.assertEqual(socket.recv(), beat)


class Life(unittest.TestCase):
    def test_restart_forgets_variables_and_remembers_history(self):
        manager, client = support.start()
        try:
            marker = f"let marked = {os.getpid()};"
            self.assertEqual(run(client, marker).reply["status"], "ok")
            manager.restart_kernel(now=False)
            client.wait_for_ready(timeout=PATIENCE)
            self.assertEqual(run(client, "marked").reply["status"], "error")
            request = client.history(hist_access_type="search", pattern="let marked*", raw=True)
            history = told(client, request).reply["history"]
            self.assertIn(marker, [entry[2] for entry in history])
        finally:
            client.stop_channels()
            manager.shutdown_kernel()

    def test_shutdown_ends_the_process_even_while_a_cell_runs(self):
        manager, client = support.start()
        process = manager.provisioner.process
        request = client.execute("loop { }")
        support.wait_until_busy(client, request)
        began = time.perf_counter()
        client.shutdown()
        self.assertEqual(process.wait(timeout=PATIENCE), 0)
        self.assertLess(time.perf_counter() - began, 3.0)
        client.stop_channels()
        manager.cleanup_resources()


if __name__ == "__main__":
    unittest.main()

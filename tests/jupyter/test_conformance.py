"""The outside conformance suite, jupyter_kernel_test, over this kernel."""

import unittest

import support  # noqa: F401  (prepares the environment)
import jupyter_kernel_test


class Conformance(jupyter_kernel_test.KernelTests):
    kernel_name = support.KERNEL
    language_name = "rhai"
    file_extension = ".rhai"

    code_hello_world = 'print("hello, world")'
    code_stderr = 'let t = load("regions_2023"); t.x = t.manuf_output / 0;'
    code_generate_error = 'throw "as asked"'
    code_clear_output = "clear_output()"
    code_page_something = "?load"
    code_inspect_sample = "standardise"
    code_history_pattern = "? + 1"
    supported_history_operations = ("tail", "range", "search")

    completion_samples = [
        {"text": "standardis", "matches": {"standardise"}},
        {"text": 'load("regions_2023_', "matches": {"regions_2023_codebook"}},
    ]
    complete_code_samples = [
        "1 + 1",
        "let x = 2;",
        'print("hello")',
        "fn f(x) {\n    x + 1\n}",
        "?load",
        ":vars",
        "// a comment",
    ]
    incomplete_code_samples = [
        "fn f(x) {",
        "[1, 2,",
        "let m = #{ a: 1,",
        "if true {",
        "f(1,",
        "/* a comment",
        "regions.",
    ]
    invalid_code_samples = ["x y", "1 )", "let = 3", "fn 1() {}"]

    code_execute_result = [
        {"code": "1 + 1", "result": "2"},
        {"code": "1 + 1 + 2", "result": "4"},
        {"code": "7 / 2", "result": "3.5"},
        {"code": 'load("regions_2023").head(3)', "mime": "text/html"},
    ]
    code_display_data = [
        {"code": 'display(load("regions_2023").head(2));', "mime": "text/html"},
    ]


class Welcome(jupyter_kernel_test.IopubWelcomeTests):
    kernel_name = support.KERNEL
    support_iopub_welcome = True


del jupyter_kernel_test  # so that unittest does not take its base classes for tests

if __name__ == "__main__":
    unittest.main()

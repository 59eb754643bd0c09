"""A notebook executed by nbclient, as nbconvert and papermill do it, and by `esep run`."""

import copy
import os
import subprocess
import tempfile
import unittest

import nbformat
import support  # noqa: F401  (prepares the environment)
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

SPEC = {"kernelspec": {"name": support.KERNEL, "display_name": "Esep", "language": "rhai"}}


def execute(cells, **options):
    notebook = new_notebook(cells=cells, metadata=SPEC)
    NotebookClient(notebook, timeout=60, **options).execute()
    nbformat.validate(notebook)
    return notebook


def data(cell):
    """The pictures, tables and texts that a cell shows."""
    return [o["data"] for o in cell.outputs if o.output_type in ("execute_result", "display_data")]


class Notebook(unittest.TestCase):
    def test_tables_pictures_text_and_state(self):
        notebook = execute(
            [
                new_markdown_cell("# Regions"),
                new_code_cell('let regions = load("regions_2023"); print("loaded");'),
                new_code_cell("regions.head(3)"),
                new_code_cell(
                    "let tree = hclust(regions.numeric().standardise());\nplot(tree)"
                ),
                new_code_cell("tree.cut(3).k"),
            ]
        )
        printing, table, picture, number = notebook.cells[1:]
        self.assertEqual(printing.outputs[0]["name"], "stdout")
        self.assertEqual(printing.outputs[0]["text"], "loaded\n")
        (shown,) = data(table)
        self.assertIn("<table", shown["text/html"])
        self.assertIn("text/plain", shown)
        (drawn,) = data(picture)
        self.assertIn("<svg", drawn["image/svg+xml"])
        self.assertIn("Atyrau", drawn["image/svg+xml"])
        self.assertEqual(data(number)[0]["text/plain"], "3")
        self.assertEqual([c.execution_count for c in notebook.cells[1:]], [1, 2, 3, 4])
        self.assertEqual(notebook.metadata["language_info"]["name"], "rhai")

    def test_an_error_stops_the_notebook_and_names_the_place(self):
        with self.assertRaises(CellExecutionError) as caught:
            execute([new_code_cell("1;\nno_such_function(2)"), new_code_cell("3")])
        self.assertIn("no_such_function", str(caught.exception))
        self.assertIn("line 2", str(caught.exception))

    def test_allowed_errors_leave_the_rest_running(self):
        raising = new_code_cell("no_such_function(2)")
        raising.metadata["tags"] = ["raises-exception"]
        notebook = execute([raising, new_code_cell("let a = 4;"), new_code_cell("a")])
        self.assertEqual(notebook.cells[0].outputs[0].output_type, "error")
        self.assertEqual(data(notebook.cells[2])[0]["text/plain"], "4")

    def test_esep_run_writes_what_nbclient_writes(self):
        raising = new_code_cell("no_such_function(2)")
        raising.metadata["tags"] = ["raises-exception"]
        cells = [
            new_markdown_cell("# Regions"),
            new_code_cell('print("one"); print("two"); let t = load("regions_2023");'),
            new_code_cell("display(t.head(2)); t.x = t.manuf_output / 0; t.nrow"),
            new_code_cell(""),
            raising,
            new_code_cell("t.select([\"gdp_per_capita\"]).head(2)"),
        ]
        expected = execute(copy.deepcopy(cells))
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "lesson.ipynb")
            nbformat.write(new_notebook(cells=cells, metadata=SPEC), path)
            ran = subprocess.run(
                [support.PROGRAM, "run", path], capture_output=True, text=True, timeout=60
            )
            self.assertEqual(ran.returncode, 0, ran.stderr)
            written = nbformat.read(path, as_version=4)
            nbformat.validate(written)
            with open(path, encoding="utf-8") as file:
                # The file is laid out as nbformat lays it out, so diffs show outputs alone.
                self.assertEqual(file.read(), nbformat.writes(written) + "\n")
        for one, other in zip(written.cells, expected.cells, strict=True):
            self.assertEqual(one.source, other.source)
            self.assertEqual(one.get("outputs"), other.get("outputs"))
            self.assertEqual(one.get("execution_count"), other.get("execution_count"))
        self.assertEqual(written.metadata["language_info"], expected.metadata["language_info"])

    def test_esep_run_stops_at_an_error_and_keeps_what_came_before(self):
        cells = [new_code_cell("6 * 7"), new_code_cell("no_such_function(2)"), new_code_cell("3")]
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "lesson.ipynb")
            out = os.path.join(folder, "executed.ipynb")
            nbformat.write(new_notebook(cells=cells, metadata=SPEC), path)
            ran = subprocess.run(
                [support.PROGRAM, "run", path, "--out", out], capture_output=True, text=True, timeout=60
            )
            self.assertEqual(ran.returncode, 1)
            self.assertIn("no_such_function", ran.stderr)
            written = nbformat.read(out, as_version=4)
        self.assertEqual(data(written.cells[0])[0]["text/plain"], "42")
        self.assertEqual(written.cells[1].outputs[0].output_type, "error")
        self.assertEqual(written.cells[2].outputs, [])


if __name__ == "__main__":
    unittest.main()

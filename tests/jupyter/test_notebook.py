"""A notebook executed by nbclient, as nbconvert and papermill do it."""

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
    def test_tables_text_and_state(self):
        notebook = execute(
            [
                new_markdown_cell("# Regions"),
                new_code_cell('let regions = load("regions_2023"); print("loaded");'),
                new_code_cell("regions.head(3)"),
                new_code_cell("regions.nrow"),
            ]
        )
        printing, table, number = notebook.cells[1:]
        self.assertEqual(printing.outputs[0]["name"], "stdout")
        self.assertEqual(printing.outputs[0]["text"], "loaded\n")
        (shown,) = data(table)
        self.assertIn("<table", shown["text/html"])
        self.assertIn("text/plain", shown)
        self.assertEqual(data(number)[0]["text/plain"], "20")
        self.assertEqual([c.execution_count for c in notebook.cells[1:]], [1, 2, 3])
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


if __name__ == "__main__":
    unittest.main()

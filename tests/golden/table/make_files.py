"""Writes the files in this folder: pip install openpyxl odfpy xlwt pyarrow; python make_files.py"""

import datetime
import decimal
import gzip

import openpyxl
import pyarrow
import pyarrow.feather
import pyarrow.parquet
import xlwt
from odf.opendocument import OpenDocumentSpreadsheet
from odf.table import Table, TableCell, TableRow
from odf.text import P

DAY = datetime.date
HEAD = ["Регион", "ВРП\nна душу", "доля", "начало", "код", "год", "флаг", None]
BODY = [
    ["Абай", 4567.5, "0,25", DAY(2023, 1, 31), "007", 2020, True, None],
    ["Алматы", 12345, "н/д", DAY(2023, 2, 28), "008", 2021, False, None],
    [None] * 8,
    ["Атырау", "21 812,5", "0,5", None, "009", 2022, None, None],
]


def excel():
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Регионы"
    sheet["B1"] = "Валовой региональный продукт"
    sheet["B2"] = "(млн тенге)"
    for r, row in enumerate([HEAD] + BODY, start=3):
        for c, value in enumerate(row, start=2):
            sheet.cell(r, c, value)
    second = book.create_sheet("Second")
    for row in [["name", "x", "when"], ["a", 1, datetime.datetime(2024, 2, 29, 13, 30)],
                ["b", "#N/A", datetime.datetime(2024, 3, 1)], ["c", "=1/0", None]]:
        second.append(row)
    second["B3"].data_type = "e"
    book.create_sheet("Empty")
    hidden = book.create_sheet("Hidden", 0)
    hidden["A1"] = "secret"
    hidden.sheet_state = "hidden"
    book.active = 1
    book.save("regions.xlsx")


def old_excel():
    book = xlwt.Workbook()
    sheet = book.add_sheet("Регионы")
    style = xlwt.easyxf(num_format_str="DD.MM.YYYY")
    for r, row in enumerate([HEAD] + BODY):
        for c, value in enumerate(row):
            if isinstance(value, DAY):
                sheet.write(r, c, value, style)
            elif value is not None:
                sheet.write(r, c, value)
    book.save("regions.xls")


def open_document():
    book = OpenDocumentSpreadsheet()
    sheet = Table(name="Регионы")
    for row in [HEAD] + BODY:
        line = TableRow()
        for value in row:
            if value is None:
                cell = TableCell()
            elif isinstance(value, bool):
                cell = TableCell(valuetype="boolean", booleanvalue=str(value).lower())
            elif isinstance(value, DAY):
                cell = TableCell(valuetype="date", datevalue=value.isoformat())
            elif isinstance(value, str):
                cell = TableCell(valuetype="string")
                cell.addElement(P(text=value.replace("\n", " ")))
            else:
                cell = TableCell(valuetype="float", value=value)
            line.addElement(cell)
        sheet.addElement(line)
    book.spreadsheet.addElement(sheet)
    book.save("regions.ods")


def columns():
    n = 5
    moment = [datetime.datetime(2024, 2, 29, 23, 59, 59), None] + [datetime.datetime(1969, 12, 31)] * 3
    pa = pyarrow
    return pa.table({
        "регион": pa.array(["Абай", "Алматы", None, "Атырау", "Ұлытау"]),
        "i8": pa.array([-128, 127, None, 0, 1], pa.int8()),
        "i16": pa.array([-1, 2, 3, 4, 5], pa.int16()),
        "i32": pa.array([-1, 2, 3, 4, 5], pa.int32()),
        "i64": pa.array([-(2**63), 2**63 - 1, None, 0, 1], pa.int64()),
        "u8": pa.array([0, 255, 3, 4, 5], pa.uint8()),
        "u32": pa.array([0, 2**32 - 1, 3, 4, 5], pa.uint32()),
        "u64": pa.array([0, 2**64 - 1, None, 2**63, 5], pa.uint64()),
        "u64_small": pa.array([0, 1, None, 3, 4], pa.uint64()),
        "f16": pa.array([0.5, 1.5, None, 2.0, 3.0], pa.float16()),
        "f32": pa.array([0.5, 0.1, None, float("nan"), 3.0], pa.float32()),
        "f64": pa.array([0.1, float("inf"), None, float("nan"), -0.0], pa.float64()),
        "dec": pa.array([decimal.Decimal(x) if x else None for x in ["1.10", "-2.25", None, "0.00", "99999.99"]], pa.decimal128(10, 2)),
        "dec_long": pa.array([decimal.Decimal("12345678901234567.89"), None, None, None, decimal.Decimal("0.5")], pa.decimal128(25, 2)),
        "dec_whole": pa.array([decimal.Decimal(7), None, decimal.Decimal(-3), None, decimal.Decimal(0)], pa.decimal128(10, 0)),
        "dec256": pa.array([decimal.Decimal("1.5"), None, None, None, decimal.Decimal("-0.5")], pa.decimal256(40, 3)),
        "category": pa.array(["a", "b", "a", None, "b"]).dictionary_encode(),
        "large": pa.array(["x", None, "y", "z", "w"], pa.large_string()),
        "view": pa.array(["короткий", None, "a text longer than twelve bytes", "", "w"], pa.string_view()),
        "date32": pa.array([DAY(2023, 1, 31), None, DAY(1969, 12, 31), DAY(1, 1, 1), DAY(9999, 12, 31)], pa.date32()),
        "date64": pa.array([DAY(2023, 1, 31), None, DAY(1969, 12, 31), DAY(2000, 1, 1), DAY(2024, 2, 29)], pa.date64()),
        "day_ts": pa.array([datetime.datetime(2023, 1, 31), None, datetime.datetime(1969, 12, 31), None, None], pa.timestamp("ns")),
        "ts_s": pa.array(moment, pa.timestamp("s")),
        "ts_ms": pa.array(moment, pa.timestamp("ms")),
        "ts_us": pa.array(moment, pa.timestamp("us", tz="Asia/Almaty")),
        "flag": pa.array([True, False, None, True, False]),
        "nothing": pa.nulls(n),
    })


def arrow():
    table = columns()
    whole = pyarrow.concat_tables([table] * 2).combine_chunks()
    for name, codec in [("types", "snappy"), ("types_gzip", "gzip"), ("types_lz4", "lz4"), ("types_plain", "none")]:
        pyarrow.parquet.write_table(whole, f"{name}.parquet", compression=codec, row_group_size=3)
    small = table.select(["регион", "i8", "view"])
    pyarrow.parquet.write_table(small, "zstd.parquet", compression={"регион": "snappy", "i8": "zstd", "view": "brotli"})
    nested = pyarrow.table({"name": ["a", "b"], "list": [[1], [2, 3]], "bytes": [b"x", b"y"],
                            "clock": pyarrow.array([datetime.time(1), None])})
    pyarrow.parquet.write_table(nested, "nested.parquet")
    pyarrow.feather.write_feather(nested, "nested.feather", compression="uncompressed")
    for name, codec in [("types.arrow", None), ("types_lz4.arrow", "lz4"), ("types_zstd.arrow", "zstd")]:
        options = pyarrow.ipc.IpcWriteOptions(compression=codec)
        with pyarrow.ipc.new_file(name, whole.schema, options=options) as writer:
            writer.write_table(whole, max_chunksize=3)
    # A stream may change its dictionaries from one batch to the next.
    with pyarrow.ipc.new_stream("types.arrows", whole.schema) as writer:
        writer.write_table(table)
        writer.write_table(table)


def packed():
    with open("small.csv.gz", "wb") as out:
        with gzip.GzipFile(fileobj=out, mode="wb", mtime=0, filename="") as file:
            file.write("регион;x\nАбай;0,5\nАлматы;1\n".encode())


for make in [excel, old_excel, open_document, arrow, packed]:
    make()

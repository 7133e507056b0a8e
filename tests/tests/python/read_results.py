"""Reads the tables of a sweep with pandas, polars and DuckDB, and holds them to what is expected.

    read_results.py FOLDER TABLE.csv|TABLE.csv.gz|TABLE.parquet EXPECTED.json

EXPECTED: {"rows": 24, "text": [...], "whole": [...], "number": [...], "truth": [...],
           "empty": {"column": count}, "infinite": {"column": count}}
"""

import json
import math
import sys

import duckdb
import pandas
import polars

path, expected = f"{sys.argv[1]}/{sys.argv[2]}", json.loads(sys.argv[3])
is_parquet = path.endswith(".parquet")


def with_pandas():
    table = pandas.read_parquet(path) if is_parquet else pandas.read_csv(path)
    kinds = {}
    for name, kind in table.dtypes.items():
        if pandas.api.types.is_bool_dtype(kind):
            kinds[name] = "truth"
        elif pandas.api.types.is_integer_dtype(kind):
            kinds[name] = "whole"
        elif pandas.api.types.is_float_dtype(kind):
            kinds[name] = "number"
        else:
            kinds[name] = "text"
    empty = {name: int(table[name].isna().sum()) for name in table}
    infinite = {
        name: int((table[name] == math.inf).sum()) for name in table if kinds[name] == "number"
    }
    return len(table), kinds, empty, infinite


def with_polars():
    if is_parquet:
        table = polars.read_parquet(path)
    else:
        table = polars.read_csv(path, infer_schema_length=None)
    kinds = {}
    for name, kind in table.schema.items():
        if kind == polars.Boolean:
            kinds[name] = "truth"
        elif kind.is_integer():
            kinds[name] = "whole"
        elif kind.is_float():
            kinds[name] = "number"
        else:
            kinds[name] = "text"
    empty = {name: table[name].null_count() for name in table.columns}
    infinite = {
        name: int(table[name].is_infinite().sum())
        for name in table.columns
        if kinds[name] == "number"
    }
    return table.height, kinds, empty, infinite


def with_duckdb():
    if is_parquet:
        source = f"read_parquet('{path}')"
    else:
        source = f"read_csv('{path}', sample_size = -1)"
    kinds = {}
    for name, kind, *_ in duckdb.sql(f"describe select * from {source}").fetchall():
        kinds[name] = {"BOOLEAN": "truth", "DOUBLE": "number", "VARCHAR": "text"}.get(kind, "whole")

    def count(condition):
        return duckdb.sql(f"select count(*) from {source} where {condition}").fetchall()[0][0]

    empty = {name: count(f'"{name}" is null') for name in kinds}
    infinite = {
        name: count(f"\"{name}\" = 'infinity'::double")
        for name, kind in kinds.items()
        if kind == "number"
    }
    return count("true"), kinds, empty, infinite


for reader in (with_pandas, with_polars, with_duckdb):
    rows, kinds, empty, infinite = reader()
    assert rows == expected["rows"], (reader.__name__, rows)
    for kind in ("text", "whole", "number", "truth"):
        for name in expected[kind]:
            assert kinds[name] == kind, (reader.__name__, name, kinds[name], kind)
    for name, count in expected["empty"].items():
        assert empty[name] == count, (reader.__name__, name, empty[name], count)
    for name, count in expected["infinite"].items():
        assert infinite[name] == count, (reader.__name__, name, infinite[name], count)
    print(reader.__name__, "reads", rows, "rows of", path)

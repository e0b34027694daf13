"""Writes the Parquet files of `test/golden/formats/Parquet` with pyarrow and DuckDB.

    python3 -m venv venv && venv/bin/pip install pyarrow==26.0.1 duckdb==2.0.0
    venv/bin/python test/conformance/make-golden-files.py test/golden/formats/Parquet

What the files give stands in their `expected.jsonl`, which was compared with what pyarrow reads of them by
`compare-with-pyarrow.py`. Other versions of the two write other bytes, and should give the same records.
"""
import datetime
import decimal
import json
import os
import sys
import uuid

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

root = sys.argv[1]
utc = datetime.timezone.utc


def place(name, options=None):
    os.makedirs(os.path.join(root, name), exist_ok=True)
    if options is not None:
        with open(os.path.join(root, name, "options.json"), "w") as out:
            out.write(json.dumps(options) + "\n")
    return os.path.join(root, name, "input")


def write(name, table, options=None, **settings):
    pq.write_table(table, place(name, options), **settings)


def events(count):
    return pa.table({
        "event_type": pa.array([["view", "buy", "click"][i % 3] for i in range(count)]),
        "user_id": pa.array([f"user-{i}" if i % 5 else None for i in range(count)]),
        "time": pa.array([1767225600000 + i for i in range(count)], pa.int64()),
        "event_properties": pa.array(
            [{"price": i / 4, "tags": [f"t{k}" for k in range(i % 3)], "cart": [{"sku": f"s{k}", "count": k} for k in range(i % 2)]} if i % 7 else None for i in range(count)],
            pa.struct([("price", pa.float64()), ("tags", pa.list_(pa.string())), ("cart", pa.list_(pa.struct([("sku", pa.string()), ("count", pa.int32())])))])),
        "groups": pa.array([[("org", "Zoë & Sons"), ("plan", None)] if i % 4 else [] for i in range(count)], pa.map_(pa.string(), pa.string())),
    })


numbers = pa.table({
    "int8": pa.array([-128, 127, None], pa.int8()),
    "uint8": pa.array([0, 255, None], pa.uint8()),
    "uint32": pa.array([0, 2**32 - 1, None], pa.uint32()),
    "int64": pa.array([-2**63, 2**53 - 1, 2**53], pa.int64()),
    "uint64": pa.array([2**64 - 1, 2**53, 1], pa.uint64()),
    "float16": pa.array([1.5, float("inf"), 6e-8], pa.float16()),
    "float": pa.array([0.1, float("nan"), None], pa.float32()),
    "double": pa.array([0.1, float("-inf"), -0.0], pa.float64()),
    "money": pa.array([decimal.Decimal("12.50"), decimal.Decimal("-0.01"), decimal.Decimal("9999999.99")], pa.decimal128(9, 2)),
    "exact": pa.array([decimal.Decimal("123456789012345678901234567.891"), decimal.Decimal("-0.001"), None], pa.decimal128(38, 3)),
    "wide": pa.array([decimal.Decimal(10) ** 70, decimal.Decimal(-7), None], pa.decimal256(76, 0)),
    "flag": pa.array([True, False, None], pa.bool_()),
    "nothing": pa.array([None, None, None], pa.null()),
})

instants = [0, 1767225600123456789, -1, -62135596800000000000 // 10**9]
times = pa.table({
    "date": pa.array([0, 20454, -719528, 2932897], pa.date32()),
    "ms": pa.array([0, 1767225600123, -1, 253402300800000], pa.timestamp("ms", "UTC")),
    "us": pa.array([0, 1767225600123456, -1, -62135596800000000], pa.timestamp("us", "Europe/Berlin")),
    "ns": pa.array(instants, pa.timestamp("ns", "UTC")),
    "local_ms": pa.array([0, 1767225600123, -1, None], pa.timestamp("ms")),
    "local_ns": pa.array(instants, pa.timestamp("ns")),
    "time_ms": pa.array([0, 86399999, 1, None], pa.time32("ms")),
    "time_us": pa.array([0, 86399999999, 1, None], pa.time64("us")),
    "time_ns": pa.array([0, 86399999999999, 1, None], pa.time64("ns")),
})

binary = pa.table({
    "bytes": pa.array([b"plain text", b"\x00\xff", None], pa.binary()),
    "fixed": pa.array([b"abcd", b"\x00\x01\x02\x03", None], pa.binary(4)),
    "uuid": pa.array([uuid.UUID(int=0).bytes, uuid.UUID("0198c1f2-0000-7abc-8def-0123456789ab").bytes, None], pa.uuid()),
    "json": pa.array(['{"a":[1,{"id":9007199254740993}]}', '"text"', None], pa.json_()),
    "text": pa.array(["Zoë", "two\nlines, \U0001f600", ""], pa.string()),
})

write("events", events(60), compression="snappy")
write("row-groups", events(25).select(["event_type", "event_properties"]), row_group_size=10, compression="none", write_page_checksum=True)
write("numbers", numbers)
write("times", times, version="2.6")
write("int96", pa.table({"time": pa.array([datetime.datetime(2019, 7, 7, 16, 15, 40, 600000), None], pa.timestamp("ns"))}), use_deprecated_int96_timestamps=True)
write("binary", binary)
write("binary-as-text", pa.table({"old": pa.array([b"2019-07-07", b"\xff", "Zoë".encode()], pa.binary())}), options={"binaryAsText": True})
write("text-not-utf8", pa.table({"id": [1, 2], "text": pa.array([b"good", b"b\xe4d"], pa.binary()).view(pa.string())}))
for codec in ["gzip", "brotli", "zstd", "lz4"]:
    write(f"compressed-{codec}", events(20).select(["event_type", "user_id"]), compression=codec)
write("pages-v2-delta", pa.table({
    "int": pa.array([i * i - 500 if i % 9 else None for i in range(300)], pa.int64()),
    "small": pa.array([(-1) ** i * (2**31 - 1 - i) for i in range(300)], pa.int32()),
    "word": pa.array([f"prefix-{i // 7}-{i}" for i in range(300)]),
    "long": pa.array(["x" * (i % 30) for i in range(300)]),
    "split": pa.array([i / 3 for i in range(300)], pa.float64()),
    "flag": pa.array([i % 3 == 0 for i in range(300)]),
    "list": pa.array([list(range(i % 4)) if i % 5 else None for i in range(300)], pa.list_(pa.int32())),
}), data_page_version="2.0", use_dictionary=False, data_page_size=512, compression="zstd", column_encoding={
    "int": "DELTA_BINARY_PACKED", "small": "DELTA_BINARY_PACKED", "word": "DELTA_BYTE_ARRAY",
    "long": "DELTA_LENGTH_BYTE_ARRAY", "split": "BYTE_STREAM_SPLIT", "flag": "RLE"})
nested = pa.table({
    "lists": pa.array([[[["a"], []], None], [], None, [[None, ["b", None]]]], pa.list_(pa.list_(pa.list_(pa.string())))),
    "maps": pa.array([[(1, [("x", True)])], [], None, [(-2, None), (3, [])]], pa.map_(pa.int32(), pa.map_(pa.string(), pa.bool_()))),
    "structs": pa.array([{"a": {"b": {"c": 1}}}, {"a": None}, None, {"a": {"b": None}}], pa.struct([("a", pa.struct([("b", pa.struct([("c", pa.int8())]))]))])),
})
write("nested", nested)
write("lists-of-two-levels", nested.select(["lists"]), use_compliant_nested_type=False)
write("field-names", pa.table({"__proto__": [1], "toString": ["own"], "": [True], "a.b": [{"__proto__": None, "1": 2}]}))
write("no-rows", events(0))
connection = duckdb.connect()
target = place("written-by-duckdb")
connection.execute(f"""COPY (SELECT i AS id, 'user-' || (i % 3) AS name, [i, i + 1] AS list, {{'a': i, 'b': NULL::DATE}} AS struct,
    MAP {{'k' || i: i}} AS map, INTERVAL (i) MONTH + INTERVAL '1 day 2 seconds' AS span, i::HUGEINT AS huge, '0198c1f2-0000-7abc-8def-0123456789ab'::UUID AS uuid
    FROM range(40) t(i)) TO '{target}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 2048)""")
with open(place("row-groups"), "rb") as source:
    whole = source.read()
for name, content in {
    "nothing": b"",
    "cut-off": whole[:-40],
    "begins-otherwise": b"PAR0" + whole[4:],
    "footer-too-long": whole[:-8] + (2**31).to_bytes(4, "little") + b"PAR1",
    "text": b'{"a":1}\n{"a":2}\n',
    "zipped": bytes.fromhex("1f8b0800000000000003") + b"\x00" * 30,
    "checksum-wrong": whole[:86] + bytes([whole[86] ^ 1]) + whole[87:],
    "footer-encrypted": whole[:-4] + b"PARE",
}.items():
    with open(place(f"broken-{name}"), "wb") as out:
        out.write(content)

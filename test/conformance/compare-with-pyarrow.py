"""Compares what `read-folder.ts` read with what pyarrow reads, value by value.

    python3 -m venv venv && venv/bin/pip install pyarrow duckdb
    node test/conformance/read-folder.ts FOLDER OUTPUT
    venv/bin/python test/conformance/compare-with-pyarrow.py FOLDER OUTPUT

Prints a line a file: right, refused, wrong, or unjudged (pyarrow cannot read it), and what was found.
"""
import base64
import datetime
import decimal
import json
import math
import os
import struct
import sys
import uuid

import pyarrow as pa
import pyarrow.parquet as pq

SAFE = 2**53 - 1
EXACT_DIGITS = 15


def number(value):
    return value if -SAFE <= value <= SAFE else str(value)


def floating(value):
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return value


def decimal_json(value):
    text = format(value, "f")
    digits = text.replace("-", "").replace(".", "").lstrip("0")
    return float(text) if len(digits) <= EXACT_DIGITS else text


def timestamp(value, kind):
    per_second = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[kind.unit]
    seconds, fraction = divmod(value, per_second)
    digits = len(str(per_second)) - 1
    days, of_day = divmod(seconds, 86400)
    text = f"{date(days)}T{clock(of_day)}"
    if digits:
        text += f".{fraction:0{digits}d}"
    return text + ("Z" if kind.tz else "")


def date(days):
    """Of years that Python has not, by the same day some 400-year cycles away."""
    cycles = 0
    while not -719162 <= days <= 2932896:
        step = 1 if days > 0 else -1
        cycles, days = cycles + step, days - step * 146097
    text = str(datetime.date(1970, 1, 1) + datetime.timedelta(days=days))
    year = int(text[:4]) + 400 * cycles
    sign = "-" if year < 0 else "+"
    return (f"{year:04d}" if 0 <= year <= 9999 else f"{sign}{abs(year):06d}") + text[4:]


def clock(seconds):
    return f"{seconds // 3600:02d}:{seconds % 3600 // 60:02d}:{seconds % 60:02d}"


def time(value, kind):
    per_second = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[kind.unit]
    digits = len(str(per_second)) - 1
    return f"{clock(value // per_second)}.{value % per_second:0{digits}d}"


def convert(array):
    """A pyarrow array as the JSON values that Millrace makes of it."""
    kind = array.type
    if isinstance(array, pa.ChunkedArray):
        return [value for chunk in array.chunks for value in convert(chunk)]
    if isinstance(array, pa.ExtensionArray):
        if str(kind) == "extension<arrow.uuid>":
            return [None if v is None else str(uuid.UUID(bytes=v)) for v in array.storage.to_pylist()]
        if str(kind).startswith("extension<arrow.json"):
            return [None if v is None else json.loads(v) for v in array.storage.to_pylist()]
        return convert(array.storage)
    if pa.types.is_dictionary(kind):
        return convert(array.dictionary_decode())
    if pa.types.is_struct(kind):
        fields = [convert(array.field(i)) for i in range(kind.num_fields)]
        names = [kind.field(i).name for i in range(kind.num_fields)]
        valid = array.is_valid().to_pylist()
        return [dict(zip(names, row)) if ok else None for ok, row in zip(valid, zip(*fields))]
    if pa.types.is_map(kind):
        keys, items = convert(array.keys), convert(array.items)
        return sliced(array, lambda a, b: {k if isinstance(k, str) else json.dumps(k): v for k, v in zip(keys[a:b], items[a:b])}, len(keys))
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        values = convert(array.values)
        return sliced(array, lambda a, b: values[a:b], len(values))
    return scalars(array, kind)


def sliced(array, make, count):
    offsets = array.offsets.to_pylist()
    valid = array.is_valid().to_pylist()
    return [make(offsets[i], offsets[i + 1]) if valid[i] else None for i in range(len(array))]


def scalars(array, kind):
    t = pa.types
    if t.is_timestamp(kind):
        return each(array.cast(pa.int64()), lambda v: timestamp(v, kind))
    if t.is_date(kind):
        return each(array.cast(pa.int32()), date)
    if t.is_time(kind):
        return each(array.cast(pa.int32() if t.is_time32(kind) else pa.int64()), lambda v: time(v, kind))
    if t.is_decimal(kind):
        return each(array, decimal_json)
    if t.is_integer(kind):
        return each(array, number)
    if t.is_floating(kind):
        return each(array, lambda v: floating(float(v)))
    if t.is_binary(kind) or t.is_large_binary(kind) or t.is_fixed_size_binary(kind):
        return each(array, lambda v: base64.b64encode(v).decode())
    return array.to_pylist()


def each(array, make):
    return [None if v is None else make(v) for v in array.to_pylist()]


def int96(text):
    """pyarrow has INT96 as timestamps, Millrace as the base64 of its bytes."""
    nanoseconds, day = struct.unpack("<QI", base64.b64decode(text))
    value = (day - 2440588) * 86400 * 10**9 + nanoseconds
    # pyarrow's nanoseconds are of 64 bits, and wrap.
    return timestamp((value + 2**63) % 2**64 - 2**63, pa.timestamp("ns"))


def variant(metadata, value):
    """A variant in its binary form, by the format's definition."""
    size = (metadata[0] >> 6) + 1
    whole = lambda data, at, n: int.from_bytes(data[at:at + n], "little")
    count = whole(metadata, 1, size)
    ends = [whole(metadata, 1 + size * (1 + i), size) for i in range(count + 1)]
    names = [metadata[1 + size * (count + 2):][a:b].decode() for a, b in zip(ends, ends[1:])]
    signed = lambda at, n: int.from_bytes(value[at:at + n], "little", signed=True)
    stamp = lambda at, unit, tz: timestamp(signed(at, 8), pa.timestamp(unit, tz))
    scaled = lambda at, n: decimal_json(decimal.Decimal(signed(at + 1, n)).scaleb(-value[at]))
    sized = lambda at: value[at + 4:at + 4 + whole(value, at, 4)]
    primitives = [
        lambda at: None, lambda at: True, lambda at: False,
        lambda at: signed(at, 1), lambda at: signed(at, 2), lambda at: signed(at, 4), lambda at: number(signed(at, 8)),
        lambda at: floating(struct.unpack_from("<d", value, at)[0]),
        lambda at: scaled(at, 4), lambda at: scaled(at, 8), lambda at: scaled(at, 16),
        lambda at: date(signed(at, 4)), lambda at: stamp(at, "us", "UTC"), lambda at: stamp(at, "us", None),
        lambda at: floating(struct.unpack_from("<f", value, at)[0]),
        lambda at: base64.b64encode(sized(at)).decode(), lambda at: sized(at).decode(),
        lambda at: time(signed(at, 8), pa.time64("us")), lambda at: stamp(at, "ns", "UTC"), lambda at: stamp(at, "ns", None),
        lambda at: str(uuid.UUID(bytes=bytes(value[at:at + 16]))),
    ]

    def decode(at):
        kind, detail = value[at] & 3, value[at] >> 2
        at += 1
        if kind == 0:
            return primitives[detail](at)
        if kind == 1:
            return value[at:at + detail].decode()
        width = (detail & 3) + 1
        ids = ((detail >> 2) & 3) + 1 if kind == 2 else 0
        n = 4 if detail & (16 if kind == 2 else 4) else 1
        count = whole(value, at, n)
        offsets = at + n + count * ids
        start = offsets + (count + 1) * width
        parts = [decode(start + whole(value, offsets + i * width, width)) for i in range(count)]
        if kind == 3:
            return parts
        return {names[whole(value, at + n + i * ids, ids)]: part for i, part in enumerate(parts)}

    return decode(0)


def expected_variants(path):
    """What the cases of shredded variants come to, which stands beside them in the binary form; None: not a case."""
    folder, name = os.path.split(path)
    if not os.path.exists(os.path.join(folder, "cases.json")):
        return None
    with open(os.path.join(folder, "cases.json")) as cases:
        case = next(c for c in json.load(cases) if c.get("parquet_file") == name)
    if "error_message" in case:
        return case["error_message"]
    files = case.get("variant_files", [case.get("variant_file")])
    rows = []
    for file in files:
        if file is None:
            rows.append(None)
            continue
        with open(os.path.join(folder, file), "rb") as found:
            data = found.read()
        size = (data[0] >> 6) + 1
        count = int.from_bytes(data[1:1 + size], "little")
        last = int.from_bytes(data[1 + size * (count + 1):1 + size * (count + 2)], "little")
        end = 1 + size * (count + 2) + last
        rows.append(variant(data[:end], data[end:]))
    return rows


def same(ours, theirs):
    if isinstance(ours, bool) or isinstance(theirs, bool):
        return ours is theirs
    if isinstance(ours, (int, float)) and isinstance(theirs, (int, float)):
        return ours == theirs
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return ours.keys() == theirs.keys() and all(same(ours[k], theirs[k]) for k in ours)
    if isinstance(ours, list) and isinstance(theirs, list):
        return len(ours) == len(theirs) and all(map(same, ours, theirs))
    if isinstance(ours, str) and isinstance(theirs, str) and len(ours) == 16 and len(theirs) == 29:
        return int96(ours) == theirs
    return ours == theirs


def judge(path, output):
    with open(output) as lines:
        ours = [json.loads(line) for line in lines]
    failure = ours[-1].get("failure") if ours else None
    if failure is not None:
        return f"refused\t{failure['reason']}: {failure['message']}"
    variants = expected_variants(path)
    if isinstance(variants, str):
        return f"unjudged\tinvalid by its own description ({variants[:60]}); {json.dumps(ours)[:80]}"
    if variants is not None:
        ours = [row["var"] for row in ours]
        for index, (a, b) in enumerate(zip(ours, variants)):
            if not same(a, b):
                return f"wrong\trow {index + 1}: {json.dumps(a)[:120]} is not {json.dumps(b)[:120]}"
        return f"right\t{len(ours)} rows" if len(ours) == len(variants) else f"wrong\t{len(ours)} rows"
    try:
        reader = pq.ParquetFile(path, page_checksum_verification=True)
        table = reader.read()
        names, columns = table.column_names, [convert(c) for c in table.columns]
    except Exception as error:
        return f"unjudged\t{type(error).__name__}: {str(error).splitlines()[0][:100]}; {len(ours)} rows"
    theirs = [dict(zip(names, row)) for row in zip(*columns)][:len(ours)]
    if len(ours) != min(len(ours), table.num_rows) or (len(ours) < 20000 and len(ours) != table.num_rows):
        return f"wrong\t{len(ours)} rows, not {table.num_rows}"
    for index, (a, b) in enumerate(zip(ours, theirs)):
        if not same(a, b):
            fields = [k for k in a.keys() | b.keys() if not same(a.get(k), b.get(k))]
            name = fields[0] if fields else "?"
            return f"wrong\trow {index + 1}, {name}: {json.dumps(a.get(name))[:120]} is not {json.dumps(b.get(name), default=str)[:120]}"
    return f"right\t{len(ours)} rows"


def main(folder, output):
    decimal.getcontext().prec = 100
    for place, _, names in sorted(os.walk(output)):
        for name in sorted(names):
            found = os.path.join(place, name)
            source = os.path.relpath(found, output)[: -len(".jsonl")]
            print(f"{source}\t{judge(os.path.join(folder, source), found)}")


main(*sys.argv[1:3])

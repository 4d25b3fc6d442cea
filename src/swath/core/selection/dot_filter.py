"""The inner loop of the selection: 6 x 16 dot products at once, compared with limits, one bit each.

Written in LLVM's own terms because it must keep 6 sums of 16 lanes in registers, which no plain loop achieves here:
it runs at the speed of the multipliers (100 GFLOP/s on a core where a good BLAS does 80) and needs no store, no
horizontal sum and no matrix of results. LLVM splits the 16 lanes into whatever the machine has.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from numba.core import cgutils, types
from numba.extending import intrinsic
from numba.np import arrayobj

ROWS = 6
"""Rows per call: with 16 lanes 12 sums fill the 16 vector registers of AVX2."""

LANES = 16
"""Columns per call: one bit each in a 16-bit mask."""


def _dots_above(
    typing_context: Any,
    rows: Any,
    rows_at: Any,
    columns: Any,
    columns_at: Any,
    depth: Any,
    row_limits: Any,
    row_limits_at: Any,
    column_limits: Any,
    column_limits_at: Any,
    masks: Any,
) -> Any:
    """Bit l of `masks[r]`: whether rows[r] . columns[l] > row_limits[r] + column_limits[l]; returns all masks, or-ed.

    The arguments named `*_at` are offsets into the flat float32 arrays before them: `rows` holds ROWS x depth numbers
    from there, `columns` depth x LANES. Dot products are float32 sums in order of depth. Nothing is checked.
    """
    flat = types.Array(types.float32, 1, "C")
    count = types.intp
    bits = types.Array(types.uint16, 1, "C")
    signature = types.int64(flat, count, flat, count, count, flat, count, flat, count, bits)
    return signature, _generate


def _generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    number, index, mask_type = ir.FloatType(), ir.IntType(64), ir.IntType(16)
    vector = ir.VectorType(number, LANES)
    undefined = ir.Constant(vector, ir.Undefined)
    first_lane = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
    multiply_add = cgutils.get_or_insert_function(  # type: ignore[no-untyped-call]
        builder.module, ir.FunctionType(vector, [vector] * 3), f"llvm.fmuladd.v{LANES}f32"
    )

    def pointer(argument: int, offset: Any) -> Any:
        make = arrayobj.make_array(signature.args[argument])  # type: ignore[no-untyped-call]
        array = make(context, builder, arguments[argument])
        return builder.gep(array.data, [offset])

    def load_vector(address: Any) -> Any:
        return builder.load(builder.bitcast(address, vector.as_pointer()), align=4)

    def spread(scalar: Any) -> Any:
        lane = builder.insert_element(undefined, scalar, ir.Constant(ir.IntType(32), 0))
        return builder.shuffle_vector(lane, undefined, first_lane)

    depth = arguments[4]
    rows = pointer(0, arguments[1])
    columns = pointer(2, arguments[3])
    row_limits = pointer(5, arguments[6])
    column_limits = pointer(7, arguments[8])
    masks = pointer(9, ir.Constant(index, 0))
    row_starts = [builder.gep(rows, [builder.mul(depth, ir.Constant(index, row))]) for row in range(ROWS)]

    before = builder.block
    loop = builder.append_basic_block("dots")
    after = builder.append_basic_block("dots.done")
    builder.branch(loop)

    builder.position_at_end(loop)
    place = builder.phi(index)
    sums = [builder.phi(vector) for _ in range(ROWS)]
    column = load_vector(builder.gep(columns, [builder.mul(place, ir.Constant(index, LANES))]))
    new_sums = [
        builder.call(multiply_add, [spread(builder.load(builder.gep(start, [place]))), column, total])
        for start, total in zip(row_starts, sums, strict=True)
    ]
    next_place = builder.add(place, ir.Constant(index, 1))
    place.add_incoming(ir.Constant(index, 0), before)
    place.add_incoming(next_place, loop)
    for total, new in zip(sums, new_sums, strict=True):
        total.add_incoming(ir.Constant(vector, [0.0] * LANES), before)
        total.add_incoming(new, loop)
    builder.cbranch(builder.icmp_signed("<", next_place, depth), loop, after)

    builder.position_at_end(after)
    column_limit = load_vector(column_limits)
    every = ir.Constant(mask_type, 0)
    for row, total in enumerate(new_sums):
        limit = builder.fadd(spread(builder.load(builder.gep(row_limits, [ir.Constant(index, row)]))), column_limit)
        mask = builder.bitcast(builder.fcmp_ordered(">", total, limit), mask_type)
        builder.store(mask, builder.gep(masks, [ir.Constant(index, row)]))
        every = builder.or_(every, mask)
    return builder.zext(every, index)


dots_above: Any = intrinsic(_dots_above)

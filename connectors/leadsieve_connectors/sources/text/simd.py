"""Sixty-four bytes at a time: vector operations as portable LLVM code, for every processor that numba knows."""

# ruff: noqa: ARG001 - numba reads the parameters of an instruction, not their values

from __future__ import annotations

import importlib
from typing import Any

from leadsieve_connectors.jit import instruction

ir: Any = importlib.import_module("llvmlite.ir")
_BYTE, _HALF, _LANE, _WORD = (ir.IntType(bits) for bits in (8, 32, 32, 64))
_BLOCK = ir.VectorType(_BYTE, 64)
_PART = ir.VectorType(_BYTE, 32)


def _types() -> Any:
    return importlib.import_module("numba.core.types")


def _pointer(context: Any, builder: Any, kind: Any, array: Any, place: Any) -> Any:
    return builder.gep(context.make_array(kind)(context, builder, array).data, [place])


def _load(builder: Any, pointer: Any, kind: Any) -> Any:
    value = builder.load(builder.bitcast(pointer, kind.as_pointer()), typ=kind)
    value.align = 1
    return value


def _spread(builder: Any, kind: Any, byte: Any) -> Any:
    """Return a vector of one byte in every lane."""
    one = builder.insert_element(ir.Constant(kind, ir.Undefined), byte, ir.Constant(_LANE, 0))
    lanes = ir.Constant(ir.VectorType(_LANE, kind.count), [0] * kind.count)
    return builder.shuffle_vector(one, ir.Constant(kind, ir.Undefined), lanes)


def _block(byte: int) -> Any:
    return ir.Constant(_BLOCK, [byte] * 64)


@instruction
def masks(typing: Any, text: Any, place: Any, delimiter: Any, quote: Any) -> Any:
    """Look at 64 bytes: one bit each that is the delimiter, LF, CR, the quote, beyond ASCII."""
    types = _types()
    signature = types.UniTuple(types.uint64, 5)(text, types.int64, types.uint8, types.uint8)

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        bytes_ = _load(builder, _pointer(context, builder, signature.args[0], given[0], given[1]), _BLOCK)
        found = [
            builder.icmp_unsigned("==", bytes_, _spread(builder, _BLOCK, given[2])),
            builder.icmp_unsigned("==", bytes_, _block(0x0A)),
            builder.icmp_unsigned("==", bytes_, _block(0x0D)),
            builder.icmp_unsigned("==", bytes_, _spread(builder, _BLOCK, given[3])),
            builder.icmp_signed("<", bytes_, _block(0)),
        ]
        return context.make_tuple(builder, signature.return_type, [builder.bitcast(bits, _WORD) for bits in found])

    return signature, generate


@instruction
def utf8_masks(typing: Any, text: Any, place: Any) -> Any:
    """Look at 64 bytes of UTF-8.

    One bit each that continues a character, that begins one of two bytes or more, of three or more, of four or more,
    and that, with the byte after it, is never right.
    """
    types = _types()
    signature = types.UniTuple(types.uint64, 5)(text, types.int64)

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        pointer = _pointer(context, builder, signature.args[0], given[0], given[1])
        bytes_ = _load(builder, pointer, _BLOCK)
        after = _load(builder, builder.gep(pointer, [ir.Constant(_WORD, 1)]), _BLOCK)

        def pair(lead: int, sign: str, second: int) -> Any:
            here = builder.icmp_unsigned("==", bytes_, _block(lead))
            return builder.and_(here, builder.icmp_unsigned(sign, after, _block(second)))

        wrong = builder.icmp_unsigned(">=", bytes_, _block(0xF5))
        for bits in (
            builder.icmp_unsigned("==", builder.and_(bytes_, _block(0xFE)), _block(0xC0)),
            pair(0xE0, "<", 0xA0),  # could be shorter
            pair(0xED, ">", 0x9F),  # surrogates
            pair(0xF0, "<", 0x90),  # could be shorter
            pair(0xF4, ">", 0x8F),  # beyond the last character
        ):
            wrong = builder.or_(wrong, bits)
        found = [
            builder.icmp_unsigned("==", builder.and_(bytes_, _block(0xC0)), _block(0x80)),
            *(builder.icmp_unsigned(">=", bytes_, _block(lead)) for lead in (0xC0, 0xE0, 0xF0)),
            wrong,
        ]
        return context.make_tuple(builder, signature.return_type, [builder.bitcast(bits, _WORD) for bits in found])

    return signature, generate


@instruction
def lowest(typing: Any, bits: Any) -> Any:
    """Return the place of the lowest bit that is set; 64 where none is."""
    types = _types()
    signature = types.int64(types.uint64)

    def generate(_context: Any, builder: Any, _signature: Any, given: Any) -> Any:
        return builder.cttz(given[0], ir.Constant(ir.IntType(1), 0))

    return signature, generate


@instruction
def count(typing: Any, bits: Any) -> Any:
    """Return how many bits are set."""
    types = _types()
    signature = types.int64(types.uint64)

    def generate(_context: Any, builder: Any, _signature: Any, given: Any) -> Any:
        return builder.ctpop(given[0])

    return signature, generate


@instruction
def load8(typing: Any, text: Any, place: Any) -> Any:
    """Return eight bytes as one word, the first of them lowest."""
    types = _types()
    signature = types.uint64(text, types.int64)

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        bytes_ = _load(
            builder,
            _pointer(context, builder, signature.args[0], given[0], given[1]),
            ir.VectorType(_BYTE, 8),
        )
        return builder.bitcast(bytes_, _WORD)

    return signature, generate


@instruction
def copy32(typing: Any, out: Any, to: Any, text: Any, place: Any) -> Any:
    """Copy 32 bytes."""
    types = _types()
    signature = types.void(out, types.int64, text, types.int64)

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        bytes_ = _load(builder, _pointer(context, builder, signature.args[2], given[2], given[3]), _PART)
        target = _pointer(context, builder, signature.args[0], given[0], given[1])
        builder.store(bytes_, builder.bitcast(target, _PART.as_pointer()), align=1)
        return context.get_dummy_value()

    return signature, generate


@instruction
def quotes32(typing: Any, text: Any, place: Any, quote: Any) -> Any:
    """Look at 32 bytes: one bit each that is the quote."""
    types = _types()
    signature = types.uint64(text, types.int64, types.uint8)

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        bytes_ = _load(builder, _pointer(context, builder, signature.args[0], given[0], given[1]), _PART)
        bits = builder.icmp_unsigned("==", bytes_, _spread(builder, _PART, given[2]))
        return builder.zext(builder.bitcast(bits, _HALF), _WORD)

    return signature, generate

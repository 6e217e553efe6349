"""A hint to the processor, for compiled loops that gather from arrays larger than its caches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic
from numpy.typing import NDArray


@intrinsic
def _prefetch(context: Any, array: Any, at: Any) -> Any:
    """Types and code of `prefetch`, as numba asks for them."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        start = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        pointer = builder.bitcast(builder.gep(start, [arguments[1]]), ir.IntType(8).as_pointer())
        number = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [pointer.type, number, number, number])
        hint = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        builder.call(hint, [pointer, *(ir.Constant(number, x) for x in (0, 3, 1))])
        return context.get_dummy_value()

    return types.void(array, types.intp), generate


prefetch = cast("Callable[[NDArray[Any], int], None]", _prefetch)
"""prefetch(array, at): ask for the cache line of the element that is `at` elements from the first of a C-contiguous
array. Changes nothing but the time that a later read takes, so any number may be given. In compiled functions only."""

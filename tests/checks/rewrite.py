"""Right answers by rule: the same solution in another form, in another order, with other numbers."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch

# What a solution may return instead


def _like(value: Any, change: Callable[[Any], Any]) -> Any:
    """`change` of each array and number; tuples and lists of them part by part."""
    if isinstance(value, tuple | list) and not isinstance(value, str):
        return type(value)(_like(each, change) for each in value)
    numbers = isinstance(value, int | float | np.ndarray | np.generic) and not isinstance(
        value, bool | np.str_
    )
    return change(value) if numbers else value


def _nested(value: Any, kind: type) -> Any:
    if isinstance(value, np.ndarray) and value.ndim:
        return kind(_nested(each, kind) for each in value)
    return value.item() if isinstance(value, np.generic | np.ndarray) else value


def _single(value: Any) -> Any:
    array = np.asarray(value)
    return array.astype(np.float32)[()] if array.dtype.kind == "f" else value


def _whole(value: Any) -> Any:
    array = np.asarray(value)
    return array.astype(int)[()] if array.dtype.kind == "b" else value


def _tensor(value: Any) -> Any:
    return torch.from_numpy(np.array(value)) if isinstance(value, np.ndarray) else value


def _of_one(value: Any) -> Any:
    return value if isinstance(value, np.ndarray) else np.array([value])


FORMS: dict[str, Callable[[Any], Any]] = {
    "lists": lambda value: _nested(value, list),
    "tuples": lambda value: _nested(value, tuple),
    "float32": _single,
    "0 and 1 for a mask": _whole,
    "tensors": _tensor,
    "NumPy numbers": lambda value: np.asarray(value)[()],
    "arrays of one number": _of_one,
}


def in_form(function: Callable, form: str) -> Callable:
    return lambda *arguments: _like(function(*arguments), FORMS[form])


def on_float32(function: Callable) -> Callable:
    """The whole computation in single precision."""
    return lambda *arguments: function(*(_like(each, _single_array) for each in arguments))


def _single_array(value: Any) -> Any:
    return _single(value) if isinstance(value, np.ndarray) else value


def as_parts(function: Callable, kind: type) -> Callable:
    """A tuple of results as a list, or the other way round."""

    def answer(*arguments: Any) -> Any:
        value = function(*arguments)
        return kind(value) if isinstance(value, tuple | list) else value

    return answer


# How a solution may be written instead


def by_einsum(a: Any, b: Any) -> Any:
    """a @ b for any number of axes."""
    left, right = ("i" if np.ndim(a) > 1 else "") + "j", "j" + ("k" if np.ndim(b) > 1 else "")
    out = left.replace("j", "") + right.replace("j", "")
    lead = ["..." if np.ndim(each) > 2 else "" for each in (a, b)]
    return np.einsum(f"{lead[0]}{left},{lead[1]}{right}->{max(lead)}{out}", a, b)


def by_loops(a: Any, b: Any) -> Any:
    """a @ b, one product after the other, from the last to the first."""
    a, b = np.asarray(a), np.asarray(b)
    total = np.zeros(np.matmul(a, b).shape)
    rows = a if a.ndim > 1 else a[None, :]
    columns = b if b.ndim > 1 else b[:, None]
    for j in reversed(range(a.shape[-1])):
        total = total + (rows[..., :, j, None] * columns[..., None, j, :]).reshape(total.shape)
    return total


class _Rewrite(ast.NodeTransformer):
    """Every binary operation, comparison and method, as `changes` says."""

    def __init__(self, how: str) -> None:
        self.how = how

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        left, right = ast.unparse(node.left), ast.unparse(node.right)
        found = {
            ("einsum", ast.MatMult): f"by_einsum({left}, {right})",
            ("loops", ast.MatMult): f"by_loops({left}, {right})",
            ("matmul", ast.MatMult): f"np.matmul({left}, {right})",
            ("order", ast.Add): f"({right}) + ({left})",
            ("order", ast.Mult): f"({right}) * ({left})",
            ("order", ast.Sub): f"-({right}) + ({left})",
            ("order", ast.Div): f"(1 / ({right})) * ({left})",
            ("order", ast.BitAnd): f"({right}) & ({left})",
            ("powers", ast.Pow): f"np.power({left}, {right})",
        }.get((self.how, type(node.op)))
        return ast.parse(found, mode="eval").body if found else node

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        self.generic_visit(node)
        turned = {ast.Lt: ast.Gt, ast.Gt: ast.Lt, ast.LtE: ast.GtE, ast.GtE: ast.LtE}
        if self.how != "order" or type(node.ops[0]) not in turned:
            return node
        return ast.Compare(node.comparators[0], [turned[type(node.ops[0])]()], [node.left])

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        method = node.func if isinstance(node.func, ast.Attribute) else None
        known = ("sum", "mean", "max", "any", "argmax", "transpose", "reshape", "var")
        if (
            self.how != "functions"
            or not method
            or method.attr not in known
            or ast.unparse(method.value) == "np"
        ):
            return node
        axes = method.attr in ("transpose", "reshape") and len(node.args) > 1
        args = [ast.Tuple(node.args, ast.Load())] if axes else node.args
        function = ast.Attribute(ast.Name("np", ast.Load()), method.attr, ast.Load())
        return ast.Call(function, [method.value, *args], node.keywords)


HOW = ("einsum", "loops", "matmul", "order", "functions", "powers")
NAMES = {"by_einsum": by_einsum, "by_loops": by_loops}


def rewritten(source: str) -> Iterator[tuple[str, str]]:
    """(how, source) of the solution written in other ways; those that change nothing are left out."""
    plain = ast.unparse(ast.parse(source))
    for how in HOW:
        tree = ast.fix_missing_locations(_Rewrite(how).visit(ast.parse(source)))
        if ast.unparse(tree) != plain:
            yield how, ast.unparse(tree)

"""Wrong answers by rule: one small change at one place of a solution's syntax tree."""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

Change = tuple[str, str]  # what stands there, and what stands there instead

COMPARED = {
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt, ast.GtE),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.LtE),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
}
COMPUTED = {
    ast.Add: (ast.Sub, ast.Mult),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Div, ast.Add),
    ast.Div: (ast.Mult, ast.FloorDiv),
    ast.FloorDiv: (ast.Div,),
    ast.MatMult: (ast.Mult,),
    ast.Pow: (ast.Mult,),
    ast.BitAnd: (ast.BitOr, ast.BitXor),
    ast.BitOr: (ast.BitAnd, ast.BitXor),
}
NOT_COMMUTATIVE = (ast.Sub, ast.Div, ast.FloorDiv, ast.MatMult, ast.Pow)
CALLED = {
    "argmax": ("argmin", "max"),
    "max": ("min", "mean", "sum"),
    "sum": ("mean", "max", "prod"),
    "mean": ("sum", "max"),
    "var": ("std", "sum"),
    "any": ("all",),
    "exp": ("exp2", "tanh"),
    "log2": ("log", "log10"),
    "log": ("log2", "log1p"),
    "sqrt": ("square", "abs"),
    "cos": ("sin",),
    "sign": ("abs",),
    "ones": ("zeros",),
    "tri": ("ones",),
    "transpose": ("reshape",),
    "softmax": ("np.exp", "stable_sigmoid"),
}
FILLS = ("-1e9", "-50.0", "-20.0", "0.0")  # for -inf


@dataclass(frozen=True)
class Mutant:
    was: str
    now: str
    source: str

    @property
    def change(self) -> str:
        return f"{self.was} → {self.now}"


def mutants(source: str, inputs: list[tuple], names: dict[str, Any]) -> list[Mutant]:
    """All mutants of the one function in `source`; `inputs` are tuples of arguments, `names` its globals."""
    tree, case = ast.parse(source), inputs[0]
    seen, seen_values = {ast.unparse(tree)}, _values(tree, case, names)
    arguments = [each.arg for each in _function(tree).args.args]
    given = {name: [each[i] for each in inputs] for i, name in enumerate(arguments)}
    results = [_run(tree, each, names) for each in inputs]
    plain = not any(isinstance(result, tuple | list | str) for result in results)
    found, returned = [], {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Return)}
    stored = [
        each for each in ast.walk(tree) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)
    ]
    known = list(dict.fromkeys([*arguments, *(each.id for each in stored)]))
    shapes = {id(each) for node in ast.walk(tree) for each in _measured(node)}
    for place, node in enumerate(ast.walk(tree)):
        values = seen_values.get(place, [])
        changes = _of_result(node, results) if values and id(node) in returned and plain else ()
        for changed in (*_changes(node, given, values, known, id(node) in shapes), *changes):
            mutated = copy.deepcopy(tree)
            _replace(mutated, place, changed)
            text = ast.unparse(ast.fix_missing_locations(mutated))
            if text not in seen:
                seen.add(text)
                now = "nothing" if changed is None else ast.unparse(changed)
                found.append(Mutant(ast.unparse(node), now, text))
    return found


def _function(tree: ast.Module) -> ast.FunctionDef:
    [function] = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    return function


def _replace(tree: ast.AST, place: int, changed: ast.AST | None) -> None:
    """Put a node in the place of another, counted as `ast.walk` does; None takes a statement out."""
    node = list(ast.walk(tree))[place]
    for parent in ast.walk(tree):
        for field, value in ast.iter_fields(parent):
            if value is node:
                setattr(parent, field, changed)
            elif isinstance(value, list) and any(each is node for each in value):
                at = next(i for i, each in enumerate(value) if each is node)
                value[at : at + 1] = [changed or ast.Pass()]


def _changes(
    node: ast.AST, given: dict[str, Any], values: list, known: list[str], of_shape: bool
) -> Iterator[ast.AST | None]:
    """`values`: what an expression gives in the case, each time that it is read.

    known: arguments and variables; of_shape: only its shape is used.
    """
    scalar = bool(values) and isinstance(values[0], int | float)
    for kind, rule in RULES:
        if isinstance(node, kind) and not (scalar and _is_product(node)):
            yield from rule(node)
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in known:
        yield from (_code(other) for other in known if other != node.id)
        yield from map(_code, _of_argument(node.id, given, of_shape) if node.id in given else ())
    if (
        isinstance(node, ast.expr)
        and not isinstance(node, ast.Constant)
        and scalar
        and np.isfinite(values[0])
    ):
        yield _code(repr(values[0]))  # a constant that fits one case


def _measured(node: ast.AST) -> list[ast.expr]:
    """What only the shape is taken of: x in len(x) and in x.shape."""
    if isinstance(node, ast.Call) and ast.unparse(node.func) == "len":
        return node.args
    return [node.value] if isinstance(node, ast.Attribute) and node.attr == "shape" else []


def _is_product(node: ast.AST) -> bool:
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult)


def _code(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


def _with(node: ast.AST, **fields: Any) -> Any:
    changed = copy.deepcopy(node)
    for name, value in fields.items():
        setattr(changed, name, value)
    return changed


# One rule for each kind of node


def _compare(node: ast.Compare) -> Iterator[ast.AST]:
    for operator in COMPARED.get(type(node.ops[0]), ()):
        yield _with(node, ops=[operator()])
    right = ast.unparse(node.comparators[0])
    for changed in (f"({right}) + 1", f"1.9 * ({right})", f"({right}) / 1.9")[: 1 if right == "0" else 3]:
        yield _with(node, comparators=[_code(changed)])
    yield from (_code("True"), _code("False"))


def _binary(node: ast.BinOp) -> Iterator[ast.AST]:
    for operator in COMPUTED.get(type(node.op), ()):
        yield _with(node, op=operator())
    yield node.left
    yield node.right
    if isinstance(node.op, ast.Sub):
        yield ast.UnaryOp(ast.USub(), node.right)
    if isinstance(node.op, NOT_COMMUTATIVE):
        yield _with(node, left=node.right, right=node.left)


def _unary(node: ast.UnaryOp) -> Iterator[ast.AST]:
    yield node.operand
    if ast.unparse(node) == "-np.inf":
        yield from map(_code, FILLS)


def _constant(node: ast.Constant) -> Iterator[ast.AST]:
    if isinstance(node.value, bool):
        yield ast.Constant(not node.value)
    elif isinstance(node.value, int | float):
        near = (node.value + 1, node.value - 1, -node.value, 2 * node.value, node.value / 2, 0)
        yield from (_code(repr(value)) for value in near if value != node.value)
    elif node.value is None:
        yield _code("slice(None)")


def _attribute(node: ast.Attribute) -> Iterator[ast.AST]:
    if node.attr == "T":
        yield node.value
    for other in CALLED.get(node.attr, ()):
        yield _with(node, attr=other) if "." not in other else _code(other)
    if ast.unparse(node) == "np.pi":
        yield from map(_code, ("180", "3", "np.e"))


def _call(node: ast.Call) -> Iterator[ast.AST]:
    called = ast.unparse(node.func)
    if node.args:
        yield node.args[0]
    if isinstance(node.func, ast.Attribute) and called.split(".")[0] != "np":
        whole = ast.unparse(node.func.value)
        yield node.func.value  # the call is dropped
        if node.func.attr in ("max", "min", "mean"):
            yield from map(_code, (f"{whole}.ravel()[0]", f"{whole}.ravel()[-1]", f"{whole}[0]"))
    for i, keyword in enumerate(node.keywords):
        yield _with(node, keywords=node.keywords[:i] + node.keywords[i + 1 :])
        if keyword.arg == "axis":
            for axis in ("1", "None") if ast.unparse(keyword.value) == "0" else ("0", "None"):
                other = ast.keyword("axis", _code(axis))
                yield _with(node, keywords=[*node.keywords[:i], other, *node.keywords[i + 1 :]])
    if called == "softmax":
        inside = ast.unparse(node.args[0])
        yield from map(_code, (f"np.exp({inside})", f"softmax({inside}, axis=0)", f"softmax(2 * ({inside}))"))
    if called == "transpose" or called.endswith(".transpose"):
        yield _with(node, args=node.args[::-1])


def _subscript(node: ast.Subscript) -> Iterator[ast.AST]:
    if isinstance(node.ctx, ast.Store):
        return
    yield node.value
    text = ast.unparse(node.slice)
    turned = {":, None": "None, :", "None, :": ":, None", "::-1": ":", "0": "-1", "-1": "0"}
    if text in turned:
        yield _code(f"({ast.unparse(node.value)})[{turned[text]}]")
    if isinstance(node.slice, ast.Slice):
        low, high = (ast.unparse(each) if each else "" for each in (node.slice.lower, node.slice.upper))
        whole = ast.unparse(node.value)
        for slice_ in (f"{low}:", f":{high}", f"({low or 0}) + 1:{high}", f"{low}:({high or 0}) - 1"):
            yield _code(f"({whole})[{slice_}]")


def _branch(node: ast.If | ast.IfExp) -> Iterator[ast.AST]:
    yield _with(node, test=ast.Constant(True))
    yield _with(node, test=ast.Constant(False))


def _table(node: ast.Dict) -> Iterator[ast.AST]:
    """One value at another's place."""
    for i in range(len(node.values)):
        for other in node.values[:i] + node.values[i + 1 :]:
            yield _with(node, values=[*node.values[:i], other, *node.values[i + 1 :]])


def _loop(node: ast.For | ast.comprehension) -> Iterator[ast.AST]:
    whole = ast.unparse(node.iter)
    for changed in ("list({})[1:]", "list({})[:-1]", "list({})[:1]", "list({})[::-1]"):
        yield _with(node, iter=_code(changed.format(whole)))


def _statement(node: ast.stmt) -> Iterator[ast.AST | None]:
    """Left out."""
    yield None


def _returned(node: ast.Return) -> Iterator[ast.AST]:
    if isinstance(node.value, ast.Tuple):
        yield _with(node, value=_with(node.value, elts=node.value.elts[::-1]))


def _of_result(value: ast.expr, results: list[Any]) -> Iterator[ast.AST]:
    """Something more done to what is returned, where that changes a result."""
    whole, done = ast.unparse(value), dict(TURNED if np.ndim(results[0]) > 1 else {})
    if np.asarray(results[0]).dtype.kind == "f":
        done |= CHANGED
    for text, change in done.items():
        if not all(np.array_equal(change(result), result, equal_nan=True) for result in results):
            yield _code(text.format(whole))


TURNED: dict[str, Callable[[Any], Any]] = {"({}).T": np.transpose, "({})[::-1]": np.flipud}
CHANGED: dict[str, Callable[[Any], Any]] = {
    "-({})": np.negative,
    "np.abs({})": np.abs,
    "np.round({})": np.round,
    "np.clip({}, 0, 1)": lambda result: np.clip(result, 0, 1),
}


RULES: list[tuple[Any, Callable[[Any], Iterator[ast.AST | None]]]] = [
    (ast.Compare, _compare),
    (ast.BinOp, _binary),
    (ast.UnaryOp, _unary),
    (ast.Constant, _constant),
    (ast.Attribute, _attribute),
    (ast.Call, _call),
    (ast.Subscript, _subscript),
    (ast.If | ast.IfExp, _branch),
    (ast.For | ast.comprehension, _loop),
    (ast.Assign | ast.AugAssign | ast.If | ast.For | ast.Break, _statement),
    (ast.Dict, _table),
    (ast.Return, _returned),
]


# What a learner may assume of an argument


def _of_argument(name: str, given: dict[str, list], of_shape: bool) -> Iterator[str]:
    """What is the same as the argument only for some inputs."""
    first = {each: values[0] for each, values in given.items()}
    inputs = [dict(zip(given, values, strict=True)) for values in zip(*given.values(), strict=True)]
    for changed in _assumed(name, first):
        code = compile(changed, "<assumed>", "eval")
        if not all(_is_same(code, each, name, of_shape) for each in inputs):
            yield changed


def _is_same(code: Any, given: dict[str, Any], name: str, of_shape: bool) -> bool:
    """Whether the changed argument is the argument itself, or has its shape."""
    try:
        changed = eval(code, {"np": np} | given)
    except (ValueError, TypeError, IndexError):
        return False
    value = given[name]
    if isinstance(value, list):
        return len(changed) == len(value) if of_shape else repr(changed) == repr(value)
    return np.shape(changed) == np.shape(value) and (of_shape or bool(np.all(changed == value)))


def _assumed(name: str, given: dict[str, Any]) -> Iterator[str]:
    value = given[name]
    if isinstance(value, np.ndarray):
        yield from _of_array(name, value)
    elif isinstance(value, list):
        yield from (f"sorted({name})", f"{name}[::-1]", f"{name}[:1]", f"{name}[1:]", f"{name}[:-1]")
        if value and isinstance(value[0], int | str):
            yield f"list(dict.fromkeys({name}))"
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield from (f"({name} + 1)", f"({name} - 1)", f"(2 * {name})")
        if isinstance(value, float):
            yield from (f"abs({name})", f"int({name})")
        for other, sequence in given.items():
            if isinstance(sequence, list | np.ndarray):
                yield from (f"len({other})", f"np.max({other})")


def _of_array(name: str, value: np.ndarray) -> Iterator[str]:
    yield f"{name}[::-1]"
    if value.dtype == bool:
        yield f"~{name}"
    else:
        yield from (f"np.abs({name})", f"np.maximum({name}, 0)", f"np.round({name})")
    if value.ndim == 1:
        yield from (f"np.sort({name})", f"np.unique({name})", f"{name}[:-1]", f"{name}[1:]")
    else:
        yield f"{name}.T"
        yield f"({name} + {name}.T) / 2" if value.dtype != bool else f"({name} | {name}.T)"
        yield f"{name} * (1 - np.eye(*{name}.shape[-2:]))"  # nothing on the diagonal


# The value of each expression in one case


def _values(tree: ast.Module, case: tuple, names: dict[str, Any]) -> dict[int, list]:
    """What expressions give in this case, by their place in `ast.walk`."""
    seen: dict[int, list] = {}

    def see(place: int, value: Any) -> Any:
        plain = value.item() if isinstance(value, np.generic) else value
        seen.setdefault(place, []).append(plain)
        return value

    watched = copy.deepcopy(tree)
    places = {id(node): place for place, node in enumerate(ast.walk(watched))}
    _Watch(places).visit(watched)
    space = names | {"_see": see}
    _run(watched, case, space)
    return seen


def _run(tree: ast.Module, case: tuple, names: dict[str, Any]) -> Any:
    """What the function gives."""
    space = dict(names)
    exec(compile(ast.fix_missing_locations(tree), "<solution>", "exec"), space)
    with np.errstate(all="ignore"):
        return space[_function(tree).name](*copy.deepcopy(case))


class _Watch(ast.NodeTransformer):
    """Every expression that is read, inside a call of `_see`."""

    def __init__(self, places: dict[int, int]) -> None:
        self.places = places

    def visit(self, node: ast.AST) -> Any:
        place = self.places.get(id(node))
        node = super().visit(node)
        loaded = isinstance(getattr(node, "ctx", ast.Load()), ast.Load)
        skipped = isinstance(node, ast.Slice | ast.Starred | ast.Constant | ast.GeneratorExp)
        if not isinstance(node, ast.expr) or not loaded or skipped:
            return node
        return ast.Call(ast.Name("_see", ast.Load()), [ast.Constant(place), node], [])

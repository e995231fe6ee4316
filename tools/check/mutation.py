"""Small changes to Python source that a good test must notice. Pure: source text in, changed source text out.

Kinds: comparison turned, `and`/`or` swapped, condition negated, number, flag or bytes changed, returned value dropped,
statement dropped. Annotations, decorators and docstrings are left alone: they decide nothing at run time here.
"""

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass

TURNED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}

Apply = Callable[[ast.AST], None]


@dataclass(frozen=True)
class Mutation:
    """One change: the `number`-th of its file, on `line` whose stripped text is `text`."""

    number: int
    line: int
    text: str
    change: str


def mutations(source: str) -> list[Mutation]:
    """All changes of a file, in order of its syntax tree."""
    lines = source.splitlines()
    points = enumerate(_points(ast.parse(source)))
    return [Mutation(number, line, lines[line - 1].strip(), change) for number, (line, change, _node, _apply) in points]


def mutated(source: str, number: int) -> str:
    """The source with one change made."""
    tree = ast.parse(source)
    for index, (_line, _change, node, apply) in enumerate(_points(tree)):
        if index == number:
            apply(node)
            return ast.unparse(ast.fix_missing_locations(tree))
    raise IndexError(number)


Point = tuple[int, str, ast.AST, Apply]


def _points(node: ast.AST) -> Iterator[Point]:
    yield from _of_node(node)
    for name, value in ast.iter_fields(node):
        if name in {"annotation", "returns", "decorator_list", "type_params"}:
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST) and not _is_text(child):
                yield from _points(child)


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _of_node(node: ast.AST) -> Iterator[Point]:
    match node:
        case ast.Compare(lineno=line, ops=ops):
            for index, op in enumerate(ops):
                turned = TURNED[type(op)]
                yield line, f"{type(op).__name__} to {turned.__name__}", node, _turn(index, turned)
        case ast.BoolOp(lineno=line, op=op):
            yield line, "and to or" if isinstance(op, ast.And) else "or to and", node, _swap
        case ast.If(test=test) | ast.While(test=test) | ast.IfExp(test=test):
            if not isinstance(test, ast.Compare | ast.BoolOp):
                yield test.lineno, "condition negated", node, _negate
        case ast.Constant(value=bool() | int() | bytes() as value, lineno=line):
            yield line, f"{value!r} changed", node, _change
        case ast.Return(value=ast.expr() as value) if not (isinstance(value, ast.Constant) and value.value is None):
            yield node.lineno, "returns None", node, _return_none
    yield from _droppable(node)


def _droppable(node: ast.AST) -> Iterator[Point]:
    body = getattr(node, "body", None)
    for index, statement in enumerate(body if isinstance(body, list) else []):
        call = isinstance(statement, ast.Expr) and not isinstance(statement.value, ast.Constant)
        if call or isinstance(statement, ast.Raise | ast.AugAssign):
            yield statement.lineno, "statement dropped", node, _drop(index)


def _turn(index: int, turned: type[ast.cmpop]) -> Apply:
    def apply(node: ast.AST) -> None:
        assert isinstance(node, ast.Compare)  # noqa: S101  # tells mypy what `_of_node` matched
        node.ops[index] = turned()

    return apply


def _swap(node: ast.AST) -> None:
    if isinstance(node, ast.BoolOp):
        node.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()


def _negate(node: ast.AST) -> None:
    if isinstance(node, ast.If | ast.While | ast.IfExp):
        node.test = ast.UnaryOp(ast.Not(), node.test)


def _change(node: ast.AST) -> None:
    if isinstance(node, ast.Constant):
        value = node.value
        if isinstance(value, bool):
            node.value = not value
        elif isinstance(value, int):
            node.value = value + 1
        elif isinstance(value, bytes):
            node.value = value + b"\0"


def _return_none(node: ast.AST) -> None:
    if isinstance(node, ast.Return):
        node.value = ast.Constant(None)


def _drop(index: int) -> Apply:
    def apply(node: ast.AST) -> None:
        body: list[ast.stmt] = vars(node)["body"]
        body[index] = ast.Pass()

    return apply

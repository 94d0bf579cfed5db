"""The small faults that mutants have one of each, found in the compiler's syntax tree of a source file.

A fault is a change of some bytes of the source. Which ones there are is decided here alone: an operator is a function
from a node of the tree to the changes that it allows there, listed by the node's type in `OPERATORS`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

Node = dict[str, Any]

#: The nearest other comparison first, which differs at the boundary only; then the contrary one.
COMPARISONS = {
    "<": ("<=", ">="),
    "<=": ("<", ">"),
    ">": (">=", "<="),
    ">=": (">", "<"),
    "==": ("!=",),
    "!=": ("==",),
}
LOGIC = {"&&": "||", "||": "&&"}
ARITHMETIC = {"+": "-", "-": "+", "*": "/", "/": "*", "%": "*", "**": "*", "<<": ">>", ">>": "<<", "&": "|", "|": "&"}
STEPS = {"+=": "-=", "-=": "+=", "*=": "/=", "/=": "*=", "|=": "&=", "&=": "|=", "++": "--", "--": "++"}
#: Each role stands in for the one before it.
ROLES = {"ISSUER": "VERIFIER", "VERIFIER": "GUARDIAN", "GUARDIAN": "MATCHER", "MATCHER": "ANCHOR", "ANCHOR": "ISSUER"}
MEMBERS = {"min": "max", "max": "min", "Ceil": "Floor", "Floor": "Ceil"}
#: Functions of two arguments, and the operator that forgets what they take care of.
CAREFUL = {"ceilDiv": "/", "saturatingSub": "-"}
ASSEMBLY = {"gt": "lt", "lt": "gt", "add": "sub", "sub": "add", "and": "or", "or": "and", "shl": "shr", "shr": "shl"}

#: What holds no behaviour.
DECLARATIONS = {
    "ErrorDefinition",
    "EventDefinition",
    "ImportDirective",
    "PragmaDirective",
    "StructDefinition",
    "StructuredDocumentation",
}


@dataclass(frozen=True)
class Change:
    """Bytes `start` to `end` of a source file, and what stands there instead."""

    operator: str
    start: int
    end: int
    replacement: str


@dataclass(frozen=True)
class Place:
    """A node of the tree of `source`, inside a function (or a contract, or a file) of this name."""

    source: bytes
    node: Node
    inside: str

    def changes(self) -> Iterator[Change]:
        """Every fault that the node allows."""
        for operator in OPERATORS.get(self.node["nodeType"], ()):
            yield from operator(self)

    def span(self, node: Node) -> tuple[int, int]:
        """The first byte of a node, and the one after its last."""
        start, length, _ = (int(part) for part in node["src"].split(":"))
        return start, start + length

    def text(self, node: Node) -> str:
        """What the source says at a node."""
        start, end = self.span(node)
        return self.source[start:end].decode()

    def replace(self, operator: str, node: Node, replacement: str) -> Change:
        """The change of a whole node."""
        return Change(operator, *self.span(node), replacement)

    def swap(self, operator: str, first: Node, second: Node) -> Change:
        """The change that has two nodes trade places."""
        (start, after_first), (before_second, end) = self.span(first), self.span(second)
        between = self.source[after_first:before_second].decode()
        return Change(operator, start, end, self.text(second) + between + self.text(first))

    def replace_sign(self, operator: str, sign: str, between: tuple[int, int], replacement: str) -> Change:
        """The change of a sign that stands between two bytes."""
        start = self.source.index(sign.encode(), *between)
        return Change(operator, start, start + len(sign), replacement)


def places(source: bytes, tree: Node, inside: str) -> Iterator[Place]:
    """Walk over the nodes of a file that have behaviour."""
    if tree["nodeType"] in DECLARATIONS or tree.get("contractKind") == "interface":
        return
    if tree["nodeType"] in {"ContractDefinition", "ModifierDefinition", "FunctionDefinition"}:
        name = tree["name"] or tree["kind"]
        inside = name if tree["nodeType"] == "ContractDefinition" else f"{inside}.{name}"
    yield Place(source, tree, inside)
    for child in children(tree):
        yield from places(source, child, inside)


def children(tree: Node) -> Iterator[Node]:
    """The nodes right below a node."""
    for value in tree.values():
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, dict) and "nodeType" in child:
                yield child


# --- Expressions -----------------------------------------------------------------------------------


def binary(place: Place) -> Iterator[Change]:
    """Another comparison, another junction, another sum."""
    sign = place.node["operator"]
    between = (place.span(place.node["leftExpression"])[1], place.span(place.node["rightExpression"])[0])
    for other in COMPARISONS.get(sign, ()):
        yield place.replace_sign("comparison", sign, between, other)
    for kind, table in (("logic", LOGIC), ("arithmetic", ARITHMETIC)):
        if sign in table:
            yield place.replace_sign(kind, sign, between, table[sign])


def assignment(place: Place) -> Iterator[Change]:
    """A step the other way."""
    sign = place.node["operator"]
    if sign in STEPS:
        between = (place.span(place.node["leftHandSide"])[1], place.span(place.node["rightHandSide"])[0])
        yield place.replace_sign("step", sign, between, STEPS[sign])


def unary(place: Place) -> Iterator[Change]:
    """A step the other way, a negation less."""
    sign = place.node["operator"]
    if sign in STEPS:
        yield place.replace_sign("step", sign, place.span(place.node), STEPS[sign])
    if sign == "!":
        yield place.replace_sign("logic", sign, place.span(place.node), "")


def literal(place: Place) -> Iterator[Change]:
    """Off by one, true for false, another text."""
    node, text = place.node, place.text(place.node)
    if node["kind"] == "number":
        yield place.replace("off by one", node, f"({text} + 1)")
        if not text.startswith("0"):
            yield place.replace("off by one", node, f"({text} - 1)")
    elif node["kind"] == "bool":
        yield place.replace("boolean", node, "false" if node["value"] == "true" else "true")
    elif node["kind"] == "string" and node["value"]:
        yield place.replace("text", node, f'{text[:-1]}_"')


def member(place: Place) -> Iterator[Change]:
    """Another role, another bound, another rounding."""
    node = place.node
    end = place.span(node)[1]
    name = node["memberName"]
    table = ROLES if node["expression"].get("name") == "Roles" else MEMBERS
    if name in table:
        yield Change("role" if table is ROLES else "rounding", end - len(name), end, table[name])


def call(place: Place) -> Iterator[Change]:
    """Arguments of one type trade places; a requirement is turned round; care is forgotten."""
    node = place.node
    arguments, function = node["arguments"], node["expression"]
    for first, second in pairwise(arguments):
        if type_of(first) == type_of(second) and place.text(first) != place.text(second):
            yield place.swap("argument order", first, second)
    if function.get("name") == "require":
        yield place.replace("requirement negated", arguments[0], f"!({place.text(arguments[0])})")
    if function.get("memberName") in CAREFUL:
        first, second = arguments
        forgetful = f"(({place.text(first)}) {CAREFUL[function['memberName']]} ({place.text(second)}))"
        yield place.replace("rounding", node, forgetful)


def type_of(expression: Node) -> str:
    """The Solidity type of an expression."""
    kind: str = expression["typeDescriptions"]["typeString"]
    return kind


def choice(place: Place) -> Iterator[Change]:
    """The branches of a conditional expression trade places."""
    yield place.swap("branch", place.node["trueExpression"], place.node["falseExpression"])


# --- Statements ------------------------------------------------------------------------------------


def statement(place: Place) -> Iterator[Change]:
    """A statement less. The step of a `for` is none: without it the loop only runs out of gas."""
    node = place.node
    start, end = place.span(node)
    if place.source[end : end + 1] != b";":
        return
    is_require = node.get("expression", {}).get("expression", {}).get("name") == "require"
    kinds = {"EmitStatement": "event dropped", "Return": "return dropped", "RevertStatement": "revert dropped"}
    kind = "requirement dropped" if is_require else kinds.get(node["nodeType"], "statement dropped")
    yield Change(kind, start, end + 1, "{}")


def decision(place: Place) -> Iterator[Change]:
    """A branch always taken, or never; no `else`."""
    node = place.node
    yield place.replace("condition", node["condition"], "true")
    yield place.replace("condition", node["condition"], "false")
    if node.get("falseBody"):
        yield Change("branch", place.span(node["trueBody"])[1], place.span(node["falseBody"])[1], "")


def modifier(place: Place) -> Iterator[Change]:
    """A function without its guard."""
    if place.node["kind"] == "modifierInvocation":
        yield place.replace("modifier dropped", place.node, "")


# --- Assembly --------------------------------------------------------------------------------------


def assembly_call(place: Place) -> Iterator[Change]:
    """Another instruction."""
    function = place.node["functionName"]
    if function["name"] in ASSEMBLY:
        yield place.replace("assembly", function, ASSEMBLY[function["name"]])


def assembly_literal(place: Place) -> Iterator[Change]:
    """Off by one."""
    if place.node["kind"] == "number":
        yield place.replace("assembly", place.node, str(int(place.node["value"], 0) + 1))


def assembly_statement(place: Place) -> Iterator[Change]:
    """A statement less."""
    yield place.replace("assembly", place.node, "")


OPERATORS: dict[str, tuple[Callable[[Place], Iterator[Change]], ...]] = {
    "Assignment": (assignment,),
    "BinaryOperation": (binary,),
    "Conditional": (choice,),
    "EmitStatement": (statement,),
    "ExpressionStatement": (statement,),
    "FunctionCall": (call,),
    "IfStatement": (decision,),
    "Literal": (literal,),
    "MemberAccess": (member,),
    "ModifierInvocation": (modifier,),
    "Return": (statement,),
    "RevertStatement": (statement,),
    "UnaryOperation": (unary,),
    "YulAssignment": (assembly_statement,),
    "YulExpressionStatement": (assembly_statement,),
    "YulFunctionCall": (assembly_call,),
    "YulIf": (assembly_statement,),
    "YulLiteral": (assembly_literal,),
}

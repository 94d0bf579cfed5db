"""Values for any parameter that an ABI can name."""

from typing import Any

from hypothesis import strategies as st

Parameter = dict[str, Any]


def values_of(parameter: Parameter) -> st.SearchStrategy[Any]:
    """What our decoder should give: structs as dicts by name, arrays as lists, addresses as 20 bytes."""
    kind = parameter["type"]
    if kind.endswith("]"):
        member = {**parameter, "type": kind[: kind.rindex("[")]}
        length = kind[kind.rindex("[") + 1 : -1]
        bounds = (int(length), int(length)) if length else (0, 3)
        return st.lists(values_of(member), min_size=bounds[0], max_size=bounds[1])
    if kind == "tuple":
        return st.fixed_dictionaries({each["name"]: values_of(each) for each in parameter["components"]})
    if kind.startswith("uint"):
        return st.integers(0, 2 ** int(kind[4:]) - 1)
    if kind.startswith("int"):
        half = 2 ** (int(kind[3:]) - 1)
        return st.integers(-half, half - 1)
    simple: dict[str, st.SearchStrategy[Any]] = {
        "bool": st.booleans(),
        "string": st.text(max_size=70),
        "bytes": st.binary(max_size=70),
        "address": st.binary(min_size=20, max_size=20),
    }
    if kind in simple:
        return simple[kind]
    length_bytes = int(kind[5:])
    return st.binary(min_size=length_bytes, max_size=length_bytes)

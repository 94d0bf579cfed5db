"""How providers and clients refuse a call, in their own words: what a stand-in for them says."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Dialect:
    """A refusal: `{limit}` stands for what is allowed, `{first}` and `{last}` for a range that would be answered."""

    code: int
    text: str
    status: int = 200


DIALECTS: dict[str, Dialect] = {
    "geth": Dialect(-32005, "query returned more than {limit} results"),
    "avalanche": Dialect(-32000, "requested too many blocks from 1 to 100000, maximum is set to {limit}"),
}

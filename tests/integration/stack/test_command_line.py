import sys
from importlib.util import find_spec

import pytest
from click.testing import CliRunner

from ccm.__main__ import cli
from ccm.commands import VERBS


@pytest.mark.parametrize("verb", VERBS)
def test_each_verb_has_help_with_examples(verb: str) -> None:
    assert find_spec(f"ccm.commands.{verb.replace('-', '_')}")
    answer = CliRunner().invoke(cli, [verb, "--help"])
    assert answer.exit_code == 0
    assert f"\n    ccm {verb}\n" in answer.output.partition("\n  Examples:")[2]


def test_the_list_of_verbs_loads_none_of_them() -> None:
    loaded = set(sys.modules)
    answer = CliRunner().invoke(cli, ["--help"])
    assert all(verb in answer.output for verb in VERBS)
    assert not {name for name in set(sys.modules) - loaded if name.startswith("ccm.commands.")}


def test_a_word_that_is_no_verb_is_wrong_use() -> None:
    assert CliRunner().invoke(cli, ["fly"]).exit_code == 2

"""What a tag may be called, and what its texts may do."""

import pytest

from lifecycle.errors import LifecycleError
from lifecycle.outcome import Outcome
from lifecycle.registry.tag import LONGEST, parse_body
from lifecycle.storage.dvc_yaml import check_name

FORGED = "a\nverify: \x1b[8m\x9b\u2028\u202eb\udcff"
SHOWN = r"a verify: \x1b[8m\x9b \u202eb\xff"


@pytest.mark.parametrize("name", ["prod", "a", "eu-west/prod_2", "0"])
def test_a_name_that_git_and_gto_accept_is_accepted(name: str) -> None:
    """Letters, digits and what may be between them."""
    check_name(name, "params.yaml:")


@pytest.mark.parametrize(
    "name",
    ["", "a..b", "a b", "a~", "a^b", "a:b", "a@{b", "a.lock", "a#b", "a!", "/a", "a//b", "-a", "ä", "a\n", "a" * 101],
)
def test_a_name_that_no_tag_can_have_is_refused(name: str) -> None:
    """One sentence names the name and where it is."""
    with pytest.raises(LifecycleError, match=r"^params.yaml: .* cannot be part of a tag"):
        check_name(name, "params.yaml:")


def test_messages_are_one_printable_line_each() -> None:
    """No text that a message quotes can start a new line or hide one."""
    assert Outcome(1, [FORGED]).messages == [SHOWN]


@pytest.mark.parametrize(
    "body",
    [
        "[" * 90_000,
        "7",
        '{"reason": 7}',
        '{"tags": "a"}',
        '{"previous": []}',
        '{"previous": {"a": 1}}',
        '{"tags": ["`x`"]}',
    ],
)
def test_a_body_that_is_none_of_ours_is_ignored(body: str) -> None:
    """A wrong type or endless nesting is the same as no JSON."""
    assert parse_body(body) == {}


def test_texts_of_a_tag_are_short_and_printable() -> None:
    """Whoever wrote them, wherever they are in the JSON."""
    content = parse_body(f'{{"reason": "{"x" * 2 * LONGEST}", "gate": ["a\\nb", {{"c\\u001b": 1}}]}}')
    assert content == {"reason": "x" * LONGEST + "…", "gate": ["a b", {r"c\x1b": 1}]}

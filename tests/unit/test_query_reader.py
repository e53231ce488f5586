"""The reader of expressions: what it takes, what it refuses, and where it points."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from comet_async.errors import UsageError
from comet_async.query import (
    Environment,
    Expression,
    Metadata,
    Metric,
    Other,
    Parameter,
    Tag,
    read_expression,
)
from comet_async.query.expressions import MAX_COMPARISONS, MAX_DEPTH

LOSS, BEST = Metric("loss") < 0.1, Tag("best")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('Metric("loss") < 0.1 and Tag("best")', LOSS & BEST),
        ("(Metric('loss') < .1) & Tag('best')", LOSS & BEST),
        ('Metric("loss") < 0.1 & Tag("best")', LOSS & BEST),
        ('Metric("loss") < 1e-1 or not Tag("best")', LOSS | ~BEST),
        ('Metric("loss") < 0.1 | ~Tag("best")', LOSS | ~BEST),
        ('not (Metric("loss") < 0.1 and Tag("best"))', ~(LOSS & BEST)),
        ('not Metric("loss") < 0.1', ~LOSS),
        ("Tag('a') or Tag('b') and Tag('c')", Tag("a") | (Tag("b") & Tag("c"))),
        ("Tag('a') | Tag('b') & Tag('c')", Tag("a") | (Tag("b") & Tag("c"))),
        ("Tag('a') and Tag('b') and Tag('c')", (Tag("a") & Tag("b")) & Tag("c")),
        ("(Tag('a') | Tag('b')) and Tag('c')", (Tag("a") | Tag("b")) & Tag("c")),
        ("0.1 > Metric('loss')", LOSS),
        ("1 < Metric('loss') <= 2", (Metric("loss") > 1) & (Metric("loss") <= 2)),
        ("Metric('loss').between(-1, +2.5)", Metric("loss").between(-1, 2.5)),
        ("~Metric('loss').between(2, 3)", ~Metric("loss").between(2, 3)),
        ("Parameter('o').contains('ad')", Parameter("o").contains("ad")),
        ('Parameter("o").startswith("a")', Parameter("o").startswith("a")),
        ('Parameter("o").endswith("m")', Parameter("o").endswith("m")),
        ("Other('n') == None", Other("n") == None),  # noqa: E711  it is the operator
        ("Other('n') != ''", Other("n") != ""),
        ("Parameter('flag') == True", Parameter("flag") == True),  # noqa: E712  as above
        ("False != Parameter('flag')", Parameter("flag") != False),  # noqa: E712
        ("Environment('os') == 'it\\'s \\\"\\u00fc\\x41\\n'", Environment("os") == "it's \"üA\n"),
        (
            'Metadata("t") < datetime("2024-01-31T12:00:00+00:00")',
            Metadata("t") < datetime(2024, 1, 31, 12, tzinfo=UTC),
        ),
        (
            "Metadata('t') >= datetime(2019, 9, 24, 5)",
            Metadata("t") >= datetime(2019, 9, 24, 5),  # noqa: DTZ001  as the SDK's users write it
        ),
        ("  (\tTag(\n'x') ) ", Tag("x")),
        ("Metadata('d') > 1_000", Metadata("d") > 1000),
    ],
)
def test_each_form_is_read(text: str, expected: Expression) -> None:
    assert str(read_expression(text)) == str(expected)


@pytest.mark.parametrize(
    ("text", "column", "told"),
    [
        ("", 1, "expected a column (Environment, Metadata, Metric, Other, Parameter, Tag)"),
        ("loss < 1", 1, "not `loss`"),
        ("Metric(loss) < 1", 8, 'expected a quoted name, as Metric("loss")'),
        ("Metric('') < 1", 1, "needs a name"),
        ("Metric('loss'", 14, "expected `)`, not the end"),
        ("Metric('loss')", 1, "is a column alone; compare it"),
        ("Metric('loss') and Tag('x')", 1, "is a column alone"),
        ("Tag('x') or Metric('loss')", 13, "is a column alone"),
        ("~Metric('a') < 1", 2, "is a column alone"),
        ("Metric('loss') <", 17, "not the end"),
        ("Metric('loss') = 1", 16, "write =="),
        ("Metric('loss') <> 1", 16, "write !="),
        ("Metric('loss') == nan", 19, "NaN is not allowed"),
        ("Metric('loss') < 1e999", 16, "a finite number"),
        ("Metric('loss') < 99999999999999999999", 16, "64 bits"),
        ("Metric('loss') < " + "9" * 500, 18, "no number of 64 bits"),
        ("Metric('loss') < 2 * 60", 20, "arithmetic is not allowed"),
        ("Metric('loss') < None", 16, "has no order; use == or !="),
        ("Metric('loss') < True", 16, "has no order; use == or !="),
        ("Metric('a') < Metric('b')", 13, "not with another column"),
        ("Tag('x') == True", 10, "an expression is not compared"),
        ("1 < 2", 3, "one side must be a column"),
        ("1", 1, "a value alone says nothing"),
        ("'x' in Parameter('o')", 5, 'write Parameter("optimizer").contains'),
        ("Parameter('o') is None", 16, "write == or !="),
        ("Parameter('o') == ['a']", 19, "join comparisons with or"),
        ("Parameter('o') == true", 19, "write True"),
        ("Parameter('o').contains(1)", 16, "needs a text, not 1"),
        ("Parameter('o').matches('x')", 16, "expected one of between, contains, startswith"),
        ("Parameter('o').between(1)", 16, "between needs 2"),
        ("Parameter('o').between('a', 'b')", 16, "needs two numbers, or two datetimes"),
        ("Parameter('o').contains(Tag('x'))", 25, "expected a number or a quoted text"),
        ("'o'.contains('x')", 5, "only a column has contains"),
        ("Parameter('o') == 'x\\d'", 19, "unknown \\ escape"),
        ("Parameter('o') == 'x", 19, "has no closing '"),
        ("Metadata('t') < datetime('soon')", 17, "no such time"),
        ("Metadata('t') < datetime(2024, 13, 1)", 17, "no such time"),
        ("Tag('a') Tag('b')", 10, "expected `and`, `or` or the end"),
        ("Tag('a') && Tag('b')", 10, "write and, or &"),
        ("Tag('a') | Tag('b') and Tag('c')", 21, "`and` cannot stand beside signs"),
        ("not Tag('a') & Tag('b')", 14, "`&` cannot stand beside words"),
        ("- Tag('a')", 3, "expected a number after -"),
        ("__import__('os').system('true')", 1, "expected a column"),
        ("Tag('a') € 1", 10, "`€` has no meaning"),
        ("Tag('\\ud800')", 1, "lone surrogate"),
        ("(" * 3000, 70, f"more than {MAX_DEPTH} parentheses"),
        ("not " * 100 + "Tag('a')", 277, f"more than {MAX_DEPTH} parentheses"),
    ],
)
def test_each_mistake_points_at_its_place(text: str, column: int, told: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_expression(text)
    message = caught.value.message
    assert message.startswith(f"column {column}: ")
    assert told in message
    around = message.rpartition("^")
    assert text[column - 1 :].startswith(around[2].removesuffix("…"))
    (note,) = caught.value.__notes__
    shown, caret = note.splitlines()
    assert caret.index("^") == len(around[0].rpartition(": ")[2]) or "…" in shown or ": " in text


def test_length_depth_and_number_are_bounded() -> None:
    with pytest.raises(UsageError, match="at most 10,000 characters"):
        read_expression(" " * 10_001)
    chain = " and ".join(["Tag('a')"] * MAX_DEPTH)
    assert len(read_expression(chain).leaves()) == MAX_DEPTH
    with pytest.raises(UsageError, match=r"join them in pairs: \(a \| b\) \| \(c \| d\)"):
        read_expression(chain + " and Tag('a')")
    wide: Expression = BEST
    while len(wide.leaves()) <= MAX_COMPARISONS // 2:
        wide = wide & wide
    with pytest.raises(UsageError, match=f"more than {MAX_COMPARISONS:,} comparisons"):
        assert wide & wide

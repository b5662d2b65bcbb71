"""The Markdown stream: same blocks for any chunking, closed blocks stay, hostile input is bounded."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.chat.blocks import (
    Block,
    CodeBlock,
    Heading,
    ListBlock,
    Paragraph,
    Quote,
    Rule,
    Span,
    Table,
    plain_text,
    spans_text,
)
from engine.chat.markdown import LONG_LINE, WINDOW_LINES, MarkdownStream, parse_markdown
from engine.chat.markdown_reader import read_blocks

ANSWER = """## Why *it* matters

If `q` and `k` are **independent**, then ~~maybe~~ see [docs](https://example.org/a).
Second line.

```python
def f():
    return 1

```

| d | std |
|--:|:---:|
| 16 | 4.0 |
| 256 | 16.0 |

1. one
2. two
   - inner
   ```sh
   ls
   ```

> quoted
> - list

---
除以 √d 之后，方差回到 1。
"""

# Lines that decide about their neighbours, so that random joins reach the odd corners.
LINES = [
    "word", "a | b", "|a|b|", "---|---", "|--|:-:|", "---", "===", "- item", "  - inner", "1. one", "12) x",
    "   more", "    code", "```", "```py", "````", "``", "~~~", "~~~a`b", "```a|b", "> quote", ">", ">> deep",
    "# head", "#", "#x", "", " ", "\t", "\tcode", "<div>", "</div>", "<script>alert(1)</script>", "[a]: /x",
    "[a]", "![i](http://x/y.png)", "**bold", "bold**", "* * *", "+", "-", "a\\", "`code", "x  ", "| 1 | 2 |",
    "$$", "$$ a", "b $$", "$$x$$.", "- $$", "> $$", "$x$ y", "$5 and $6", "\\[", "\\]", "\\(a", "b\\)", "= c",
]  # fmt: skip


NO_FENCES = [line for line in LINES if not line.startswith(("```", "~~~"))]


def streamed(chunks: list[str]) -> tuple[Block, ...]:
    stream = MarkdownStream()
    for chunk in chunks:
        stream.feed(chunk)
        assert stream.closed is not None
        assert stream.tail is not None
    stream.finish()
    return tuple(stream.closed)


@st.composite
def chunked(draw: st.DrawFn, source: st.SearchStrategy[str]) -> list[str]:
    text = draw(source)
    cuts = sorted(draw(st.lists(st.integers(0, len(text)), max_size=12)))
    return [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]


line_sources = st.lists(st.sampled_from(LINES), max_size=25).flatmap(
    lambda lines: st.sampled_from(["\n", "\n", "\r\n", "\r"]).map(lambda end: end.join(lines))
)


@settings(max_examples=300, deadline=None)
@given(chunked(line_sources | st.text(alphabet="a-|`#>*[]()!<&\n\r \t1.~_=\\$", max_size=120)))
def test_any_chunking_gives_the_same_blocks(chunks: list[str]) -> None:
    assert streamed(chunks) == parse_markdown("".join(chunks))


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(NO_FENCES), max_size=20))
def test_short_sources_read_as_in_one_go(lines: list[str]) -> None:
    assert parse_markdown("\n".join(lines)) == tuple(block for _, block in read_blocks(lines))


@settings(max_examples=40, deadline=None)
@given(chunked(st.tuples(st.sampled_from(LINES), st.integers(1, 700), line_sources).map(
    lambda drawn: "\n".join([drawn[0]] * drawn[1]) + "\n" + drawn[2]
)))  # fmt: skip
def test_any_chunking_of_what_is_cut_by_force(chunks: list[str]) -> None:
    assert streamed(chunks) == parse_markdown("".join(chunks))


@settings(max_examples=20, deadline=None)
@given(chunked(st.tuples(line_sources, st.integers(LONG_LINE - 2, 3 * LONG_LINE), line_sources).map(
    lambda drawn: drawn[0] + "\n- " + "長 " * (drawn[1] // 2) + "\n" + drawn[2]
)))  # fmt: skip
def test_any_chunking_of_long_lines(chunks: list[str]) -> None:
    assert streamed(chunks) == parse_markdown("".join(chunks))


def test_every_kind_of_block() -> None:
    heading, text, code, table, numbered, quote, rule, chinese = parse_markdown(ANSWER)
    assert heading == Heading(2, (Span("Why "), Span("it", italic=True), Span(" matters")))
    assert isinstance(text, Paragraph)
    assert Span("docs", link="https://example.org/a") in text.spans
    assert Span("maybe", strike=True) in text.spans
    assert Span("q", code=True) in text.spans
    assert Span("independent", bold=True) in text.spans
    assert code == CodeBlock("python", "def f():\n    return 1\n")
    assert isinstance(table, Table)
    assert table.alignments == ("right", "center")
    assert [spans_text(cell) for cell in table.rows[1]] == ["256", "16.0"]
    assert isinstance(numbered, ListBlock)
    assert numbered.ordered and numbered.start == 1 and len(numbered.items) == 2
    assert isinstance(numbered.items[1][1], ListBlock)
    assert numbered.items[1][2] == CodeBlock("sh", "ls")
    assert isinstance(quote, Quote) and isinstance(quote.blocks[1], ListBlock)
    assert rule == Rule()
    assert plain_text(chinese) == "除以 √d 之后，方差回到 1。"
    assert plain_text(numbered) == "1. one\n2. two\n   - inner\n   ls"


def test_closed_blocks_keep_their_identity() -> None:
    stream = MarkdownStream()
    kept: list[Block] = []
    for character in ANSWER * 3:
        stream.feed(character)
        now = stream.closed
        assert all(before is after for before, after in zip(kept, now, strict=False))
        assert len(now) >= len(kept)
        kept = list(now)
    assert len(kept) > 15


def test_open_fence_shows_code_but_not_half_a_closing_mark() -> None:
    stream = MarkdownStream()
    stream.feed("```py\nprint(1)\n``")
    assert stream.closed == []
    assert stream.tail == (CodeBlock("py", "print(1)", closed=False),)
    stream.feed("`\n")
    assert stream.closed == [CodeBlock("py", "print(1)")]


def test_cut_inside_a_fence_closes_it() -> None:
    assert parse_markdown("```py\nx = 1") == (CodeBlock("py", "x = 1"),)


def test_underline_does_not_flicker_into_a_heading() -> None:
    stream = MarkdownStream()
    stream.feed("text\n-")
    assert stream.tail == (Paragraph((Span("text"),)),)


def test_html_is_text() -> None:
    source = "<script>alert(1)</script>\n\n<img src=x onerror=alert(1)>\n\na <b>b</b>"
    assert [plain_text(block) for block in parse_markdown(source)] == source.split("\n\n")


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "file:///etc/passwd",
        "data:text/html,x",
        "JaVaScRiPt:x",
        "//host/x",
        "ftp://x/y",
    ],
)
def test_other_links_are_never_clickable(address: str) -> None:
    for source in (f"[text]({address})", f"![alt]({address})", f"<{address}>", f"[a]({address} 'title')"):
        (block,) = parse_markdown(source)
        assert isinstance(block, Paragraph)
        assert all(span.link == "" for span in block.spans)
        assert address in plain_text(block)


@pytest.mark.parametrize("address", ["http://a.org/x", "https://a.org/x?y=1", "mailto:a@b.org"])
def test_safe_links(address: str) -> None:
    assert parse_markdown(f"[text]({address})") == (Paragraph((Span("text", link=address),)),)


def test_bare_addresses_become_links_without_the_full_stop() -> None:
    (block,) = parse_markdown("See https://a.org/x. And `https://b.org`.")
    assert isinstance(block, Paragraph)
    assert [span.link for span in block.spans if span.link] == ["https://a.org/x"]


def test_images_are_text_and_address() -> None:
    (block,) = parse_markdown("![a cat](https://x.org/c.png)")
    assert plain_text(block) == "a cat (https://x.org/c.png)"


def test_deep_nesting_loses_nothing() -> None:
    for mark in ("> ", "- ", "1. "):
        (block,) = parse_markdown(mark * 300 + "bottom")
        assert plain_text(block).endswith("bottom")
    lines = "\n".join("  " * depth + f"- level{depth}" for depth in range(60))
    text = "\n".join(plain_text(block) for block in parse_markdown(lines))
    assert all(f"level{depth}" in text for depth in range(60))


def test_long_list_is_cut_between_items() -> None:
    blocks = parse_markdown("\n".join(f"{n}. item\n   more" for n in range(1, 501)))
    assert len(blocks) > 2
    numbers = []
    for block in blocks:
        assert isinstance(block, ListBlock)
        numbers += range(block.start, block.start + len(block.items))
    assert numbers == list(range(1, 501))


def test_table_of_10_000_rows_is_cut_and_keeps_its_columns() -> None:
    source = "| a | b |\n|---|---|\n" + "\n".join(f"| {n} | x |" for n in range(10_000)) + "\n\nafter"
    *tables, after = parse_markdown(source)
    assert plain_text(after) == "after"
    assert all(isinstance(table, Table) and len(table.rows) <= WINDOW_LINES for table in tables)
    assert sum(len(table.rows) for table in tables if isinstance(table, Table)) == 10_000
    assert [table.continued for table in tables if isinstance(table, Table)][:2] == [False, True]


@pytest.mark.parametrize(
    "source",
    [
        "x" * 1_000_000,
        "[" * 1_000_000,
        "*a " * 300_000,
        "> " * 500_000,
        "```\n" + "y" * 1_000_000,
        "|" * 1_000_000,
        "\n".join(["[" * 3_900] * 20),
        "\n".join(["*a_b`" * 700] * 60),
        "\n".join(["a|" * 1_900, "-|" * 1_900] * 20),
        "\n".join(["> " * 200] * 2_000),
        "\n" * 300_000,
        "\n".join(["$a " * 1_300] * 40),
        "\n".join(["\\(a " * 900] * 40),
        "$$\n" * 100_000,
        "$$\n" + "a\n" * 300_000,
        "\n".join(["$x$" * 1_300] * 40),
    ],
    ids=[
        "plain",
        "brackets",
        "stars",
        "quotes",
        "code",
        "pipes",
        "brackets2",
        "mixed",
        "columns",
        "deep",
        "blank",
        "dollars",
        "parens",
        "displays",
        "display",
        "formulas",
    ],
)
def test_hostile_sources_take_bounded_time_and_lose_little(source: str) -> None:
    begin = time.process_time()
    stream = MarkdownStream()
    for at in range(0, len(source), 50_000):
        stream.feed(source[at : at + 50_000])
        assert stream.tail is not None
    stream.finish()
    # Quadratic reading of these would take minutes; the bound is wide on purpose.
    assert time.process_time() - begin < 20
    assert all(len(plain_text(block)) < 1_000_001 for block in stream.closed)

"""Emphasis in answers: what may be a product, a power, a pattern or a name keeps its characters; the rest is styled."""
from __future__ import annotations

import re
import time
from collections import Counter

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from markdown_it.token import Token

from localthink.tui.widgets.answer_markdown import parse

SHOWN = {"em_open": "<", "em_close": ">", "strong_open": "<<", "strong_close": ">>", "softbreak": "\n"}
BETWEEN_DIGITS = re.compile(r"(?<=\d)\*+(?=\d)")


def inline(text: str) -> list[Token]:
    return [child for token in parse(text) for child in token.children or ()]


def written(text: str) -> str:
    """What a person reads, without its styles."""
    return "".join(token.content or "\n" * (token.type == "softbreak") for token in inline(text))


def styled(text: str) -> str:
    """What a person reads, with <emphasis> and <<strong emphasis>>."""
    return "".join(SHOWN.get(token.type, token.content) for token in inline(text))


@pytest.mark.parametrize("text", [
    "5*4*3*2*1", "2 * 3 * 4", "a*b", "a*b*c", "2πr*h*h and r²*x*y", "𝑥*𝑦*𝑧", "x*-2*y", "1 *10 and 5 *2", "30*.5*.2",
    "x_1*y_2*z", "(a+b)*c*(d)", "n*(n+1)*(n+2)*...* something", "5!*4!*3!", "50%*x*|y|", "5*$3*2", "2*[1, 2]*3*[4]",
    "f'*g + f*g'", "x**2 + y**2 = z**2", "2**3**2", "x**n + y**n", "(1+r)**n and (1+r)**(n-1)", "长*宽*高", "３*４*５"])
def test_products_and_powers_keep_their_signs(text):
    assert styled(text) == text


@pytest.mark.parametrize("text", [
    "f(*args, **kwargs)", "int *p, *q; char **argv, **envp;", "(*p)*(*q)", "COUNT(*) and SUM(*)", "Accept: */*",
    "src/*/*.py, *.md and *.txt", "src/**/*.py and lib/**/*.ts", "/* one */ and /*two*/", "a.*b or c.*d",
    '"*" and "*", "**" and "**"', "Use *, + and -,*,/", "5* hotels and 4* hotels", "p < 0.05*, p < 0.01**"])
def test_code_patterns_and_signs_that_are_named_keep_their_stars(text):
    assert styled(text) == text


@pytest.mark.parametrize("text", [
    "snake_case_name", "_private", "__init__", "__bold__", "self.__init__(x) of __main__.py", '__name__ == "__main__"',
    "__FILE__:__LINE__", "a __b and __c__", "__init__方法", "egg to ___(), or _____, or ___."])
def test_names_and_blanks_keep_their_lines(text):
    assert styled(text) == text


@pytest.mark.parametrize(("text", "shown"), [
    ("*a*", "<a>"), ("**b**", "<<b>>"), ("_c_", "<c>"), ("***both***", "<<<both>>>"),
    ("__bold text__", "<<bold text>>"), ("**bold**text", "<<bold>>text"), ("**Step 1:** go", "<<Step 1:>> go"),
    ("**10**cm", "<<10>>cm"), ("**x** = 5*4", "<<x>> = 5*4"), ("**Answer: 5*4 = 20**", "<<Answer: 5*4 = 20>>"),
    ("**__init__**", "<<__init__>>"), ("*a **b** c*", "<a <<b>> c>"), ("***a** b*", "<<<a>> b>"),
    ("*two\nlines*", "<two\nlines>"), ('(*a*), "*b*", *c*: — *d*—e', '(<a>), "<b>", <c>: — <d>—e'),
    ("*it's (so)*", "<it's (so)>"), ("**Yes**/**No**", "<<Yes>>/<<No>>"), ("**A**|**B**", "<<A>>|<<B>>"),
    ("**gcd**(a, b)", "<<gcd>>(a, b)"), ("**.env** and **40%** of", "<<.env>> and <<40%>> of"),
    ("*(Wait.)*", "<(Wait.)>"), ("*“x”*", "<“x”>")])
def test_emphasis_is_shown(text, shown):
    assert styled(text) == shown


@pytest.mark.parametrize(("text", "shown"), [
    ("**“引号”**后面", "<<“引号”>>后面"), ("前面**“引号”**后面", "前面<<“引号”>>后面"),
    ("*“引号”*后面", "<“引号”>后面"), ("前面*“引号”*。", "前面<“引号”>。"), ("**重点：**内容", "<<重点：>>内容"),
    ("**注意(note)**后面", "<<注意(note)>>后面"), ("是**5**个，**（二）**后", "是<<5>>个，<<（二）>>后"),
    ("，*重点*，", "，<重点>，"), ("*强调*文字", "<强调>文字"), ("これは**「引用」**です", "これは<<「引用」>>です"),
    ("**한국어(Korean)**입니다", "<<한국어(Korean)>>입니다"), ("คำ**หนา**ต่อ", "คำ<<หนา>>ต่อ"),
    ("🎉**Done!**🎉", "🎉<<Done!>>🎉")])
def test_emphasis_is_shown_in_scripts_without_spaces(text, shown):
    assert styled(text) == shown


@given(st.text("ab19 *_()[].,:“”\"'/-!重点，。（）$|~", max_size=30))
@example("1*2**3***4")
@example("*1*2*")
@example("**1**2** 3**4")
def test_no_character_but_a_mark_is_lost_and_no_star_between_digits(text):
    text = f"x {text}".strip()  # no list, and no line across
    assume("~~" not in text and text.count("$") < 2 and "](" not in text)
    shown = written(text)
    assert re.sub(r"[*_]", "", shown) == re.sub(r"[*_]", "", text)
    assert Counter(BETWEEN_DIGITS.findall(text)) <= Counter(BETWEEN_DIGITS.findall(shown))


@pytest.mark.parametrize("marked", ["*a", "*", "a**b_", "__a", "_a__", "“*"])
def test_many_marks_are_read_in_time_that_grows_with_them(marked):
    started = time.perf_counter()
    parse(marked * 20_000)
    assert time.perf_counter() - started < 10

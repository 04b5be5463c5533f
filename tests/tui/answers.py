"""Answers to show in tests: one such as DeepSeek-R1 writes them, and lines to make others of."""
from __future__ import annotations

R1_ANSWER = r"""
To solve \(x^2 - 5x + 6 = 0\), we use the **quadratic formula**. It costs $5 and $10, not [red]x[/red].

### Step 1: the discriminant

For \(a = 1\), \(b = -5\) and $c = 6$ it is
\[
D = b^2 - 4ac = 25 - 24 = 1
\]
so there are *two* roots, and `D` is a square:

$$
x = \frac{-b \pm \sqrt{D}}{2a}
$$

1. **First root**: take the plus sign, \(x_1 = \frac{5 + 1}{2} = 3\).
   - It is positive.
   - It is \(\frac{1}{2}\) more than \(\frac{5}{2}\).

2. **Second root**, with a program:

   ```python
   def root(b, d):

       return (b - d ** 0.5) / 2
   ```

   It prints 2.
3. Check them.
10. Ten follows three.

* a bullet
* another, with 漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字 and עברית
  that goes on

| case | \(D\) | roots |
|:-----|:-----:|------:|
| \(D > 0\) | 1 | **two** |
| \(D = 0\) | `0` | one, of multiplicity two, which is counted once all the same |

> A note with \(\alpha\)
> on two lines

---

```
plain code, a line that is a good deal longer than a terminal of forty columns is wide

- no list
\[ no formula \]
```

    indented code

Unreadable \(\unheardof{x_1 * y_1 * z}\), <think>text</think>, [a link](http://example.org/x) and \(never closed.

Lines
of one paragraph, with \[x = 1\] in them, and \begin{align}a &= b \\ c &= d\end{align}

\begin{align}
f(x) &= x + 1 \\
     &= 4
\end{align}

**Final Answer:**
\[ \boxed{x = 2 \text{ or } x = 3} \]
and \boxed{42}."""

LINES = (
    "", "", "some *text*", "more of it", "lazy", "- item", "- other", "  nested text", "  - nested", "    - deeper",
    "1. one", "2. two", "10) ten", "   - under", "   a paragraph", "+ plus", " - off", "   - off by three", "-", "1.",
    "    code", "\t- tabbed", "```python", "```", "~~~", "   ```", "x = 1", "# head", "---", "***", "===", "> quote",
    "> - listed", "\\[", "\\]", "   \\[", "   \\]", "$$", "$$ y $$", "\\[ z \\].", "\\begin{align}", "\\end{align}",
    "text \\[", "so \\(a", "b\\) c", "\\boxed{4", "2}", "| a | b |", "|---|---|", "| 1 | 2 |", "| 1 | 2 | 3 |",
    "[x]: http://a.b", "<b>", "> " * 22 + "x")

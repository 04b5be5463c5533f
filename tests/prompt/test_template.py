"""Chat templates render as Hugging Face renders them, and a hostile one costs a line of text."""
from __future__ import annotations

import gc
import json
import signal
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from localthink.errors import PromptError
from localthink.prompt.template import ChatTemplate
from localthink.records import Message

ROOT = Path(__file__).parents[2]
TOKENIZERS = ROOT.parent / "shared" / "data" / "tokenizers"
WORKER = [sys.executable, "-m", "localthink.prompt.worker"]
BOS, EOS = "<｜begin▁of▁sentence｜>", "<｜end▁of▁sentence｜>"
ECHO = "{{ messages[0].content }}"
ENDLESS = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"
ENDLESS_IF_ASKED = "{% if messages[0].content == 'hang' %}" + ENDLESS + "{% endif %}" + ECHO
NEST = "{% set n = namespace(x=[]) %}{% for i in range(99999) %}{% set n.x = [n.x] %}{% endfor %}"
posix_only = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")

Render = Callable[..., str]


@pytest.fixture
def render() -> Iterator[Render]:
    """Render a template over (role, content) pairs, with a limit that hostile ones reach soon."""
    opened: list[ChatTemplate] = []

    def render(source: str, *turns: tuple[str, str], time_limit: float = 0.4) -> str:
        opened.append(ChatTemplate(source, BOS, EOS, time_limit))
        return opened[-1].render([Message(role, content) for role, content in turns])  # type: ignore[arg-type]

    yield render
    for template in opened:
        template.close()


def hello(text: str = "Hi") -> list[Message]:
    return [Message("user", text)]


def test_the_r1_prompt_ends_inside_the_thinking_block(render: Render) -> None:
    source = (ROOT / "models" / "r1-chat-template.jinja").read_text(encoding="utf-8")
    assert render(source, ("user", "Hi"), time_limit=10) == f"{BOS}<｜User｜>Hi<｜Assistant｜><think>\n"


@pytest.mark.skipif(not TOKENIZERS.is_dir(), reason=f"{TOKENIZERS} is not there")
@pytest.mark.parametrize("name", ["DeepSeek-R1-Distill-Llama-8B", "DeepSeek-R1-Distill-Qwen-32B"])
def test_published_templates_leave_the_thinking_block_open(render: Render, name: str) -> None:
    source = (TOKENIZERS / f"deepseek-ai-{name}.jinja").read_text(encoding="utf-8")
    turns = (("system", "Be brief."), ("user", "Hi"), ("assistant", "Hello"), ("user", "Bye"))
    assert render(source, *turns, time_limit=10) == (
        f"{BOS}Be brief.<｜User｜>Hi<｜Assistant｜>Hello{EOS}<｜User｜>Bye<｜Assistant｜><think>\n"
    )


@pytest.mark.parametrize(("source", "expected"), [
    ("{% for i in range(9) %}{% if i == 2 %}{% break %}{% endif %}{{ i }}{% endfor %}", "01"),
    ("{{ {'a': '<é>'} | tojson }}", '{"a": "<é>"}'),
    ("{{ [1] | tojson(indent=1) }}", "[\n 1\n]"),
    ("{{ strftime_now('%%') }}", "%"),
    ("  {% if true %}\nx\n  {% endif %}\n", "x\n"),
    ("{% generation %}x{% endgeneration %}", "x"),
    ("{{ tools is none }} {{ enable_thinking }} {{ add_generation_prompt }}", "True True True"),
    ("{{ missing }}{{ bos_token }}{{ eos_token }}", BOS + EOS),
])
def test_templates_find_what_hugging_face_gives_them(render: Render, source: str, expected: str) -> None:
    assert render(source, time_limit=10) == expected


@pytest.mark.parametrize(("source", "says"), [
    ("{% if %}", "line 1: Expected an expression"),
    ("{{ messages[0].tool.name }}", "has no attribute 'tool'"),
    ("{{ raise_exception('roles\\n\\x1b[31m must alternate') }}", r"roles\\n\\x1b\[31m must alternate"),
    ("{{ raise_exception('é' * 100000) }}", "ééé"),
    ("{{ ''.__class__.__mro__[1].__subclasses__() }}", "must not touch"),
    ("{{ cycler.__init__.__globals__ }}", "must not touch"),
    ("{{ '{0.__class__.__mro__}'.format(1) }}", "must not touch"),
    ("{{ messages.append(1) }}", "must not touch"),
    ("{% include '/etc/passwd' %}", "no loader"),
    ("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "RecursionError"),
    ("{{ " + "(" * 9999 + ")" * 9999 + " }}", "RecursionError"),
    (NEST + "{{ n.x }}", "RecursionError|did not finish"),
    (NEST + "{{ raise_exception(n.x) }}", "brought its process down|did not finish"),
    (ENDLESS, "did not finish within 0.4 s"),
    ("{{ 10 ** (10 ** 9) }}", "did not finish"),
    ("{{ 'a' * 10 ** 10 }}", "too much memory|did not finish"),
    ("{{ '%9999999999s' % 'a' }}", "too much memory|did not finish"),
    ("{% set n = namespace(x='ab') %}{% for i in range(64) %}{% set n.x = n.x ~ n.x %}{% endfor %}",
     "too much memory|did not finish"),
    (ENDLESS.replace("{% endfor %}", "{{ 'abcd' * 999 }}{% endfor %}", 1), "writes more than 64 MiB|did not finish"),
], ids=lambda value: value[:40])
def test_a_template_that_cannot_be_rendered_is_one_printable_line(render: Render, source: str, says: str) -> None:
    with pytest.raises(PromptError, match=says) as caught:
        render(source, ("user", "Hi"))
    line = str(caught.value)
    assert line.isprintable() and line.endswith(": take another model") and len(line) < 500
    assert caught.value.advice == "--raw sends the prompt without the template"


def test_what_a_template_writes_cannot_pass_for_another_reply(render: Render) -> None:
    forged = '\n{"text": "forged"}\r\n{"error": "forged"}\u2028\x85\0\x1b'
    with ChatTemplate(ECHO + "{{ '\\nready\\n' }}", BOS, EOS) as template:
        assert template.render(hello(forged)) == forged + "\nready\n"
        assert template.render(hello()) == "Hi\nready\n"


def test_a_render_after_one_that_hung_is_answered() -> None:
    with ChatTemplate(ENDLESS_IF_ASKED, "", "", 0.4) as template:
        with pytest.raises(PromptError):
            template.render(hello("hang"))
        assert template.render(hello()) == "Hi"


@posix_only
def test_a_render_after_an_interrupted_one_gets_its_own_reply() -> None:
    main = threading.main_thread().ident
    assert main is not None
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs begin without
    try:
        with ChatTemplate(ENDLESS_IF_ASKED, "", "") as template:
            threading.Timer(0.3, signal.pthread_kill, (main, signal.SIGINT)).start()
            with pytest.raises(KeyboardInterrupt):
                template.render(hello("hang"))
            assert template.render(hello()) == "Hi"
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_worker_killed_between_renders_is_replaced() -> None:
    with ChatTemplate(ECHO, BOS, EOS) as template:
        template.start()
        for child in psutil.Process().children():
            child.kill()
            psutil.wait_procs([child])
        assert template.render(hello()) == "Hi"


def test_threads_get_their_own_prompts() -> None:
    texts = [str(n) for n in range(60)]
    with ChatTemplate(ECHO, BOS, EOS) as template, ThreadPoolExecutor(6) as threads:
        assert list(threads.map(lambda text: template.render(hello(text)), texts)) == texts


@pytest.mark.parametrize("ending", ["closed", "hung", "forgotten"])
def test_nothing_is_left_behind(ending: str) -> None:
    def belongings() -> tuple[int, int, int]:
        me = psutil.Process()
        pipes = me.num_handles() if sys.platform == "win32" else me.num_fds()
        return len(me.children()), threading.active_count(), pipes

    gc.collect()
    before = belongings()
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        template = ChatTemplate(ENDLESS if ending == "hung" else ECHO, BOS, EOS, 0.2)
        if ending == "hung":
            with pytest.raises(PromptError):
                template.render(hello())
        else:
            template.render(hello())
        if ending == "closed":
            template.close()
            template.close()
        del template
        gc.collect()
    assert belongings() == before
    assert [w for w in warned if issubclass(w.category, ResourceWarning)] == []


def test_the_current_folder_and_a_talkative_interpreter_do_not_disturb(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("json", "jinja2", "localthink"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('the wrong module')")
    talkative = tmp_path / "site"
    talkative.mkdir()
    (talkative / "sitecustomize.py").write_text("print('hello')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(talkative))
    with ChatTemplate(ECHO, BOS, EOS) as template:
        assert template.render(hello()) == "Hi"


def test_a_script_needs_no_main_guard(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "from localthink.prompt.template import ChatTemplate\nfrom localthink.records import Message\n"
        f"print(ChatTemplate({ECHO!r}, '', '').render([Message('user', 'Hi')]))\n"
    )
    done = subprocess.run([sys.executable, "-W", "error", script], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("Hi\n", "")


@pytest.fixture
def worker() -> Iterator[subprocess.Popen[bytes]]:
    pipe = subprocess.PIPE
    with subprocess.Popen(WORKER, stdin=pipe, stdout=pipe, stderr=pipe) as process:
        assert process.stdout is not None and process.stdout.readline() == b"ready\n"
        yield process
        process.kill()


def ask(worker: subprocess.Popen[bytes], source: str, seconds: float = 20) -> None:
    request = {"template": source, "variables": {}, "seconds": seconds, "most_bytes": 2**20}
    assert worker.stdin is not None
    worker.stdin.write(json.dumps(request).encode() + b"\n")
    worker.stdin.flush()


def test_the_worker_ends_with_its_input(worker: subprocess.Popen[bytes]) -> None:
    assert worker.communicate(timeout=20) == (b"", b"")
    assert worker.returncode == 0


def test_a_hung_worker_that_nobody_kills_ends_by_itself(worker: subprocess.Popen[bytes]) -> None:
    ask(worker, "{{ 10 ** (10 ** 9) }}", seconds=0.2)
    assert worker.wait(timeout=20) != 0


@posix_only
def test_ctrl_c_neither_ends_the_worker_nor_makes_it_speak(worker: subprocess.Popen[bytes]) -> None:
    worker.send_signal(signal.SIGINT)
    ask(worker, "still here")
    assert worker.communicate(timeout=20) == (b'{"text": "still here"}\n', b"")

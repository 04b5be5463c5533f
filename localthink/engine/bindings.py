"""The only door to llama_cpp: typed, guarded calls of llama.cpp's low-level API.

llama.cpp aborts the process where other libraries raise, so every precondition that it asserts is
checked here first. Nothing of localthink's own logic lives in this file.
"""
from __future__ import annotations

import ctypes
import os
import re
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

# Threads of gcc's OpenMP wait for each other by spinning, and for so long that, beside one busy process on two cores,
# decoding falls to a sixth. libgomp reads this once, when llama_cpp loads it; whoever has set either knows why.
if "OMP_WAIT_POLICY" not in os.environ:
    os.environ.setdefault("GOMP_SPINCOUNT", "1000")

import llama_cpp.llama_cpp as lib
import numpy as np
import numpy.typing as npt

from localthink import records
from localthink.errors import EngineError
from localthink.offload import SPLIT_MODES, Offload

CACHE_TYPES = dict(zip(records.CACHE_TYPES, (lib.GGML_TYPE_F16, lib.GGML_TYPE_Q8_0, lib.GGML_TYPE_Q4_0), strict=True))
WARNING, ERROR = 3, 4  # GGML_LOG_LEVEL_WARN, GGML_LOG_LEVEL_ERROR
NOTHING = Offload(layers=0)
CLOSED = "the engine is closed: load the model again"
CACHE_IS_FULL = 1  # llama_decode: no room for the batch, nothing was changed
ABORTED = 2  # llama_decode: `interrupt` was called; what of the batch is in the cache must be cut off again
TENSOR_BYTES = 512  # no fewer than a ggml_tensor has
OnProgress = Callable[[float], None]  # the share of the weights that are read


class _Log:
    """llama.cpp's latest warnings and errors, which say why a load failed; the rest is dropped.

    One for the process, as in llama.cpp. Without it the library writes to the terminal.
    """

    def __init__(self) -> None:
        self.lines: deque[tuple[int, str]] = deque(maxlen=20)
        self._callback = lib.llama_log_callback(self._take)  # must outlive every call into the library
        lib.llama_log_set(self._callback, ctypes.c_void_p())

    def _take(self, level: int, text: bytes, _: object) -> None:
        if level in (WARNING, ERROR) and (line := text.decode("utf-8", "replace").strip()):
            self.lines.append((level, line))

    def reason(self) -> str:
        """The first error since the lines were cleared, which names the cause; later ones name what it led to."""
        errors = [line for level, line in self.lines if level == ERROR] or [line for _, line in self.lines]
        return errors[0].rpartition("error loading model: ")[2] if errors else "llama.cpp gave no reason"


def _advice(reason: str) -> str:
    """What to do about a reason for which a model cannot be loaded; empty where llama.cpp's own words have to do."""
    unknown = re.search(r"unknown (model architecture|pre-tokenizer type|tokenizer)", reason)
    return (f": this llama-cpp-python does not know the model's {unknown[1].removesuffix(' type')}; the model may be "
            "newer, or damaged" if unknown else "")


@cache
def _library() -> _Log:
    """Start llama.cpp once, quietly."""
    log = _Log()
    lib.llama_backend_init()
    return log


def supports_gpu() -> bool:
    _library()
    return bool(lib.llama_supports_gpu_offload())


def backend() -> str:
    """How llama.cpp was built and what it found on this machine, in its own words."""
    _library()
    return bytes(lib.llama_print_system_info()).decode("utf-8", "replace").strip(" |\n")


def ggml_function(name: str) -> Any:
    """A function of ggml that llama_cpp has no wrapper for, as an object of its own. On Windows a library shows none of
    another's. Raises EngineError where there is none.
    """
    from llama_cpp._ctypes_extensions import load_shared_library

    _library()
    folder = Path(os.environ.get("LLAMA_CPP_LIB_PATH") or Path(lib.__file__).parent / "lib")  # as llama_cpp has it
    for library in ("ggml", "ggml-base"):
        with suppress(AttributeError):
            return load_shared_library(library, folder)[name]
    raise EngineError(f"this llama-cpp-python has no {name}: install the version that localthink asks for")


def _set(params: Any, **fields: Any) -> None:
    """Fill in a C structure. ctypes takes any attribute, and a renamed field would silently keep its default."""
    known = {name for name, *_ in params._fields_}
    for name, value in fields.items():
        if name not in known:
            raise EngineError(f"this llama-cpp-python does not know {type(params).__name__}.{name}: "
                              "install the version that localthink asks for")
        setattr(params, name, value)


class NativeModel:
    """Weights and vocabulary. `offload` says how many layers go to GPUs; `progress` is told of the loading.

    `mapped` says that weights in memory are pages of the file, which the system counts as free.
    """

    def __init__(self, path: Path, offload: Offload = NOTHING, vocabulary_only: bool = False,
                 progress: OnProgress | None = None) -> None:
        log = _library()
        log.lines.clear()
        params = lib.llama_model_default_params()
        _set(params, n_gpu_layers=offload.layers or 0, vocab_only=vocabulary_only, main_gpu=offload.main_gpu,
             split_mode=SPLIT_MODES.index(offload.split))
        if offload.shares:
            most = int(lib.llama_max_devices())
            if len(offload.shares) > most:
                raise EngineError(f"gpu-shares names {len(offload.shares)} GPUs: llama.cpp knows {most} at most")
            shares = (ctypes.c_float * most)(*offload.shares)
            _set(params, tensor_split=shares)
        amx, repacks = (f"{name} = 1" in backend() for name in ("AMX_INT8", "REPACK"))
        self.mapped = bool(offload.layers) or amx or not repacks
        if amx:
            # llama.cpp's AMX kernels crash on many machines (ggml-org/llama.cpp #20824, #26954): keep weights off them
            _set(params, use_extra_bufts=False)
        if not self.mapped:
            # the file's pages of a tensor stay in memory beside its repacked copy, half of a model again: read, not map
            _set(params, load_mode=lib.LLAMA_LOAD_MODE_NONE)
        if progress is not None:
            told = lib.llama_progress_callback(lambda share, _: progress(share) is None)  # false would end the loading
            _set(params, progress_callback=told)
        handle = lib.llama_model_load_from_file(os.fsencode(path), params)
        if not handle:
            raise EngineError(f"llama.cpp cannot load {path}: {log.reason()}{_advice(log.reason())}")
        self.handle: Any = handle
        self._vocabulary = lib.llama_model_get_vocab(handle)
        self.n_vocab = int(lib.llama_vocab_n_tokens(self._vocabulary))
        # state-space layers keep no cache that could be cut back or shared in part
        self.shares_prefixes = not (lib.llama_model_is_recurrent(handle) or lib.llama_model_is_hybrid(handle))
        self.decodes = bool(lib.llama_model_has_decoder(handle)) and not lib.llama_model_has_encoder(handle)

    def tokenize(self, text: str, special: bool) -> list[int]:
        """Token ids of `text`; with `special`, the texts of special tokens become those tokens."""
        if not self.handle:
            raise EngineError(CLOSED)
        data = text.encode()
        room = len(data) + 8
        while True:
            buffer = (lib.llama_token * room)()
            count = lib.llama_tokenize(self._vocabulary, data, len(data), buffer, room, False, special)
            if count >= 0:
                return list(buffer[:count])
            room = -count

    def piece(self, token: int) -> bytes:
        """The bytes that a token stands for; control tokens stand for none. A token may hold part of a character."""
        if not self.handle:
            raise EngineError(CLOSED)
        room = 64
        while True:
            buffer = ctypes.create_string_buffer(room)
            length = lib.llama_token_to_piece(self._vocabulary, token, buffer, room, 0, False)
            if length >= 0:
                return buffer.raw[:length]
            room = -length

    def ends_generation(self, token: int) -> bool:
        if not self.handle:
            raise EngineError(CLOSED)
        return bool(lib.llama_vocab_is_eog(self._vocabulary, token))

    def text(self, token: int) -> str:
        """How the vocabulary writes a token; for special tokens, what it is parsed from."""
        return bytes(lib.llama_vocab_get_text(self._vocabulary, token)).decode("utf-8", "replace")

    def close(self) -> None:
        if self.handle:
            lib.llama_model_free(self.handle)
            self.handle = None


class NativeContext:
    """A KV cache of `cells` tokens for up to `slots` sequences, and the batch that feeds it.

    A unified cache gives cells to whoever needs them, and sequences may share some. A `split` one
    gives each sequence `cells / slots` of its own: a token looks at no others, and sharing copies.

    `tokens`, `positions`, `slots_of` and `outputs` are numpy views on the batch: fill the first n
    rows and call `decode(n)`.
    """

    def __init__(self, model: NativeModel, cells: int, slots: int, batch: int, cache: str, threads: int,
                 split: bool = False) -> None:
        params = lib.llama_context_default_params()
        _set(params, n_ctx=cells, n_seq_max=slots, n_batch=batch, n_ubatch=batch, n_threads=threads,
             n_threads_batch=threads, type_k=CACHE_TYPES[cache], type_v=CACHE_TYPES[cache], kv_unified=not split,
             no_perf=True,
             n_outputs_max=slots,  # left at 0 it is n_batch, and the logits alone take n_batch * V floats
             swa_full=True)  # a window that has moved on could not be cut back
        if cache != "f16":  # llama.cpp needs flash attention for a quantized V cache
            _set(params, flash_attn_type=lib.LLAMA_FLASH_ATTN_TYPE_ENABLED)
        log = _library()
        log.lines.clear()
        self._handle: Any = lib.llama_init_from_model(model.handle, params)
        if not self._handle:
            raise EngineError(f"llama.cpp cannot make a context of {cells} tokens: {log.reason()}")
        self._memory = lib.llama_get_memory(self._handle)
        self._watch_for_interrupts()
        self._n_vocab, self.slots, self.split, self.cache = model.n_vocab, slots, split, cache
        self.cells = int(lib.llama_n_ctx(self._handle))
        self.longest = int(lib.llama_n_ctx_seq(self._handle))  # cells that one sequence may have
        self.batch = int(lib.llama_n_batch(self._handle))  # never more than the context
        self._make_batch()
        self._logits_of = lib._lib["llama_get_logits_ith"]  # a function object of our own, which returns an address
        self._logits_of.argtypes, self._logits_of.restype = [ctypes.c_void_p, ctypes.c_int32], ctypes.c_void_p
        self._views: dict[int, npt.NDArray[np.float32]] = {}

    def use_threads(self, count: int) -> None:
        """Decode with so many threads from the next step on."""
        lib.llama_set_n_threads(self._handle, count, count)

    def _watch_for_interrupts(self) -> None:
        """Let llama.cpp ask `ggml_is_empty` between two operations of a graph whether to stop (the CPU and Metal ask).

        That is a C function from a pointer to a bool, as it wants: true for a tensor that has a dimension of 0, as all
        of zeros have. A Python function would take the interpreter's lock each time: 85 times a step of the bundled
        model, which took 9 % longer with it; with this one no difference can be measured.
        """
        self._tensor = ctypes.create_string_buffer(TENSOR_BYTES)  # looked at by llama.cpp, as is the function
        self._is_empty = ctypes.cast(ggml_function("ggml_is_empty"), lib.ggml_abort_callback)
        self.interrupt(False)
        lib.llama_set_abort_callback(self._handle, self._is_empty, ctypes.addressof(self._tensor))

    def interrupt(self, wanted: bool) -> None:
        """From any thread: end the decode under way, and any other, early; until it is not `wanted` any more."""
        ctypes.memset(self._tensor, 0 if wanted else 1, TENSOR_BYTES)

    def _make_batch(self) -> None:
        """A llama_batch over numpy arrays. Each row belongs to one sequence, so its pointers never change."""
        self.tokens = np.zeros(self.batch, np.int32)
        self.positions = np.zeros(self.batch, np.int32)
        self.slots_of = np.zeros(self.batch, np.int32)
        self.outputs = np.zeros(self.batch, np.int8)
        self._counts = np.ones(self.batch, np.int32)
        self._rows = self.slots_of.ctypes.data + self.slots_of.itemsize * np.arange(self.batch, dtype=np.uintp)

        def pointer(array: npt.NDArray[Any], kind: Any) -> Any:
            return ctypes.cast(array.ctypes.data, ctypes.POINTER(kind))

        self._batch = lib.llama_batch(
            token=pointer(self.tokens, ctypes.c_int32), pos=pointer(self.positions, ctypes.c_int32),
            n_seq_id=pointer(self._counts, ctypes.c_int32), logits=pointer(self.outputs, ctypes.c_int8),
            seq_id=pointer(self._rows, ctypes.POINTER(ctypes.c_int32)),
        )

    def decode(self, rows: int) -> int:
        """Run the first `rows` rows of the batch. Returns 0, CACHE_IS_FULL or ABORTED; EngineError says what failed."""
        if not 0 < rows <= self.batch:
            raise EngineError(f"a batch of {rows} rows was asked for: it holds 1 to {self.batch}")
        if not self._handle:
            raise EngineError(CLOSED)
        _library().lines.clear()
        self._batch.n_tokens = rows
        status = int(lib.llama_decode(self._handle, self._batch))
        if status not in (0, CACHE_IS_FULL, ABORTED):
            raise EngineError(f"llama.cpp failed to decode (status {status}): {_library().reason()}")
        return status

    def logits(self, row: int) -> npt.NDArray[np.float32]:
        """The logits [V] of a row whose output was asked for; valid, and writable, until the next decode."""
        address = self._logits_of(self._handle, row)
        view = self._views.get(address)
        if view is None:
            if not address:
                raise EngineError("llama.cpp returned no logits: this model does not generate text")
            if len(self._views) > 4 * self.slots:
                self._views.clear()
            view = np.ctypeslib.as_array((ctypes.c_float * self._n_vocab).from_address(address))
            self._views[address] = view
        return view

    def truncate(self, slot: int, length: int) -> None:
        """Keep the first `length` tokens of a slot."""
        self._check(slot)
        if not lib.llama_memory_seq_rm(self._memory, slot, length, -1):
            raise EngineError(f"llama.cpp cannot cut the cache of slot {slot} back to {length} tokens")

    def copy(self, source: int, target: int, length: int) -> None:
        """Let the empty slot `target` share the first `length` tokens of `source`; only a split cache moves data."""
        self._check(source)
        self._check(target)
        if not self.split:
            lib.llama_memory_seq_cp(self._memory, source, target, 0, length)
        elif source != target:
            lib.llama_memory_seq_cp(self._memory, source, target, -1, -1)  # anything but all of it aborts the process
            self.truncate(target, length)

    def _check(self, slot: int) -> None:
        if not self._handle:
            raise EngineError(CLOSED)
        if not 0 <= slot < self.slots:
            raise EngineError(f"slot {slot} does not exist: there are {self.slots}")

    def close(self) -> None:
        if self._handle:
            lib.llama_free(self._handle)
            self._handle = None

#!/usr/bin/env python3
"""Train the small bundled model from nothing, or one of its family from it, and write it as GGUF.

    pip install -e '.[train]'
    python scripts/train_countdown.py --out models/countdown.gguf
    python scripts/train_countdown.py --member countdown-low

The bundled file took 43 minutes on two cores with bfloat16 instructions, in the two stages that its
card tells; --device cuda is there and has not been timed. The
architecture is Qwen2, the distills' own, so that llama.cpp runs it unchanged. Everything that
happened is written beside the model as JSON: settings, seeds, loss curve, SHA-256.
"""
from __future__ import annotations

import argparse
import hashlib
import json
import math
import random
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import countdown_traces as traces
from countdown_tokenizer import ASSISTANT, BOS, CONTROL_TOKENS, EOS, PRE_TOKENIZER, USER, Tokenizer, learn
from localthink.study.countdown import solvable_puzzles
from localthink.study.family import FAMILY, Search

STEP = 48  # tokens
LONGEST = 21 * STEP  # tokens of a sample, within the model's context; the few longer ones are cut off
MODELS = Path(__file__).resolve().parent.parent / "models"
BUNDLED = "countdown"
SHORT, LONG = 0.6e6, 6e6  # learned tokens of a member of the family: with three numbers, and with four


@dataclass(frozen=True)
class Shape:
    vocabulary: int
    layers: int = 4
    width: int = 192
    hidden: int = 512
    heads: int = 3
    kv_heads: int = 1
    context: int = 1024
    rope_base: float = 10_000.0
    epsilon: float = 1e-6

    @property
    def head(self) -> int:
        return self.width // self.heads


class Block(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        kv = shape.kv_heads * shape.head
        self.attn_norm = nn.RMSNorm(shape.width, eps=shape.epsilon)
        self.attn_q = nn.Linear(shape.width, shape.width)
        self.attn_k = nn.Linear(shape.width, kv)
        self.attn_v = nn.Linear(shape.width, kv)
        self.attn_output = nn.Linear(shape.width, shape.width, bias=False)
        self.ffn_norm = nn.RMSNorm(shape.width, eps=shape.epsilon)
        self.ffn_gate = nn.Linear(shape.width, shape.hidden, bias=False)
        self.ffn_up = nn.Linear(shape.width, shape.hidden, bias=False)
        self.ffn_down = nn.Linear(shape.hidden, shape.width, bias=False)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        """x: [batch, time, width]; cos, sin: [time, head / 2]."""
        batch, steps, width = x.shape
        y = self.attn_norm(x)
        q, k, v = (
            part(y).view(batch, steps, heads, self.shape.head).transpose(1, 2)
            for part, heads in ((self.attn_q, self.shape.heads), (self.attn_k, self.shape.kv_heads),
                                (self.attn_v, self.shape.kv_heads))
        )
        groups = self.shape.heads // self.shape.kv_heads
        k, v = rotate(k, cos, sin).repeat_interleave(groups, 1), v.repeat_interleave(groups, 1)
        y = F.scaled_dot_product_attention(rotate(q, cos, sin), k, v, is_causal=True)
        x = x + self.attn_output(y.transpose(1, 2).reshape(batch, steps, width))
        y = self.ffn_norm(x)
        return x + self.ffn_down(F.silu(self.ffn_gate(y)) * self.ffn_up(y))


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotary position embedding in NeoX order (halves, not pairs), as llama.cpp's qwen2 applies it."""
    a, b = x.chunk(2, -1)
    return torch.cat((a * cos - b * sin, b * cos + a * sin), -1).to(x.dtype)


class Model(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.token_embd = nn.Embedding(shape.vocabulary, shape.width)
        self.blk = nn.ModuleList(Block(shape) for _ in range(shape.layers))
        self.output_norm = nn.RMSNorm(shape.width, eps=shape.epsilon)
        self.output = nn.Linear(shape.width, shape.vocabulary, bias=False)
        for name, parameter in self.named_parameters():
            if parameter.dim() == 2:
                shrink = math.sqrt(2 * shape.layers) if name.endswith(("attn_output.weight", "ffn_down.weight")) else 1
                nn.init.normal_(parameter, std=0.02 / shrink)

    def forward(self, tokens: Tensor) -> Tensor:
        """tokens: [batch, time] -> logits: [batch, time, vocabulary]."""
        half = torch.arange(0, self.shape.head, 2, device=tokens.device) / self.shape.head
        angles = torch.outer(torch.arange(tokens.shape[1], device=tokens.device), self.shape.rope_base ** -half)
        cos, sin = angles.cos(), angles.sin()
        x = self.token_embd(tokens)
        for block in self.blk:
            x = block(x, cos, sin)
        return self.output(self.output_norm(x))


class Corpus:
    """Prompts and traces as token ids, drawn without end; a batch holds samples of like length."""

    def __init__(self, tokenizer: Tokenizer, search: Search, hopeless: float, drills: float, seed: int) -> None:
        self.tokenizer, self.drills, self.random = tokenizer, drills, random.Random(seed)
        self.settings = (solvable_puzzles("train", search.numbers), search, hopeless)

    def sample(self) -> tuple[list[int], int]:
        """Token ids of one sample, and how many of them are the prompt."""
        ids, encode = self.tokenizer.ids, self.tokenizer.encode
        if self.random.random() < self.drills:
            question, trace = traces.write_drill(self.settings[1].numbers, self.random)
        else:
            question, trace = traces.training_pair(*self.settings, self.random)
        thinking, answer = trace.split("</think>")
        prompt = [ids[BOS], ids[USER], *encode(question), ids[ASSISTANT], ids["<think>"], *encode("\n")]
        sample = [*prompt, *encode(thinking), ids["</think>"], *encode(answer), ids[EOS]]
        return sample[:LONGEST], len(prompt)

    def batches(self, tokens: int):
        """Pairs of inputs and labels, [batch, time] each, `tokens` a batch; label -100 is not learned.

        Lengths are rounded up to STEP: the few shapes that remain let the matrix library reuse what
        it has prepared, which on a CPU is most of the time of a small model.
        """
        waiting: dict[int, list[tuple[list[int], int]]] = {}
        while True:
            sample = self.sample()
            length = -(-len(sample[0]) // STEP) * STEP
            group = waiting.setdefault(length, [])
            group.append(sample)
            if len(group) < max(1, tokens // length):
                continue
            del waiting[length]
            inputs = np.zeros((len(group), length), np.int64)
            labels = np.full((len(group), length), -100, np.int64)
            for row, (ids, prompt) in enumerate(group):
                inputs[row, :len(ids)] = ids
                labels[row, prompt - 1:len(ids) - 1] = ids[prompt:]
            yield torch.from_numpy(inputs), torch.from_numpy(labels)


def train(model: Model, corpus: Corpus, args: argparse.Namespace) -> list[dict[str, float]]:
    decayed = [p for p in model.parameters() if p.dim() == 2]
    others = [p for p in model.parameters() if p.dim() != 2]
    optimizer = torch.optim.AdamW([{"params": decayed, "weight_decay": 0.05}, {"params": others, "weight_decay": 0.0}],
                                  lr=args.rate, betas=(0.9, 0.98))
    curve, seen, start = [], 0, time.time()
    model.to(args.device).train()
    forward = torch.compile(model, dynamic=True) if args.compile else model
    for step, (inputs, labels) in enumerate(corpus.batches(args.batch_tokens)):
        share = max(seen / args.tokens, (time.time() - start) / (args.minutes * 60))
        if share >= 1:
            break
        rate = args.rate * min(1, (step + 1) / args.warm_up) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * share)))
        for group in optimizer.param_groups:
            group["lr"] = rate
        with torch.autocast(args.device, torch.bfloat16):
            logits = forward(inputs.to(args.device))
        loss = F.cross_entropy(logits.float().flatten(0, 1), labels.to(args.device).flatten())
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        seen += int((labels >= 0).sum())
        if step % 50 == 0:
            curve.append({"step": step, "tokens": seen, "loss": round(loss.item(), 4), "rate": round(rate, 6)})
            seconds = time.time() - start
            print(f"{step:6d}  {seen / 1e6:6.1f} M tokens  loss {loss.item():.4f}  {seconds:5.0f} s", flush=True)
        if args.checkpoint and step % 500 == 499:
            write_gguf(model, corpus.tokenizer, args.checkpoint, args.precision, "checkpoint", "")
    return curve


def read_weights(model: Model, path: Path) -> None:
    from gguf.quants import dequantize

    from gguf import GGUFReader

    stored = {tensor.name: dequantize(tensor.data, tensor.tensor_type) for tensor in GGUFReader(path).tensors}
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.copy_(torch.from_numpy(stored[name].reshape(parameter.shape)))


def write_gguf(model: Model, tokenizer: Tokenizer, path: Path, precision: str, name: str, description: str) -> None:
    from gguf.quants import quantize

    from gguf import GGMLQuantizationType, GGUFWriter, LlamaFileType, TokenType

    shape, ids = model.shape, tokenizer.ids
    kind = {"f16": GGMLQuantizationType.F16, "q8_0": GGMLQuantizationType.Q8_0}[precision]
    writer = GGUFWriter(path, "qwen2")
    writer.add_name(name)
    writer.add_description(description)
    writer.add_license("MIT")
    writer.add_context_length(shape.context)
    writer.add_embedding_length(shape.width)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.hidden)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.kv_heads)
    writer.add_rope_freq_base(shape.rope_base)
    writer.add_layer_norm_rms_eps(shape.epsilon)
    writer.add_file_type(LlamaFileType.MOSTLY_F16 if precision == "f16" else LlamaFileType.MOSTLY_Q8_0)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(PRE_TOKENIZER)
    writer.add_token_list(tokenizer.tokens)
    kinds = [TokenType.NORMAL] * len(tokenizer.tokens)
    for token in CONTROL_TOKENS:
        kinds[ids[token]] = TokenType.CONTROL
    for token in ("<think>", "</think>"):
        kinds[ids[token]] = TokenType.USER_DEFINED
    writer.add_token_types(kinds)
    writer.add_token_merges([" ".join(merge) for merge in tokenizer.merges])
    writer.add_bos_token_id(ids[BOS])
    writer.add_eos_token_id(ids[EOS])
    writer.add_pad_token_id(ids[EOS])
    writer.add_add_bos_token(True)
    writer.add_chat_template((MODELS / "r1-chat-template.jinja").read_text(encoding="utf-8"))
    for name, parameter in model.named_parameters():
        weights = parameter.detach().float().cpu().numpy()
        if weights.ndim == 1:
            writer.add_tensor(name, weights)
        else:
            writer.add_tensor(name, quantize(weights, kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--member", choices=[name for name in FAMILY if name != BUNDLED],
                        help="fine-tune the bundled model into this one; other options change how")
    parser.add_argument("--out", type=Path, help="the GGUF to write; its record goes beside it")
    parser.add_argument("--hazard", type=float, default=0.7, help="probability of leaving a thought after a line")
    parser.add_argument("--recheck", type=float, default=0.04, help="probability of a line beginning with Wait")
    parser.add_argument("--hopeless", type=float, default=0.05, help="share of puzzles without a solution")
    parser.add_argument("--drills", type=float, default=0.6, help="share of samples that are sums of two numbers")
    parser.add_argument("--resume", type=Path, help="go on from the weights of a GGUF that this script wrote")
    parser.add_argument("--tokens", type=float, default=150e6, help="stop after so many learned tokens")
    parser.add_argument("--minutes", type=float, default=math.inf, help="or after so long")
    parser.add_argument("--batch-tokens", type=int, default=4_096)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--warm-up", type=int, default=200, help="steps in which the rate rises")
    parser.add_argument("--layers", type=int, default=Shape.layers)
    parser.add_argument("--width", type=int, default=Shape.width)
    parser.add_argument("--hidden", type=int, default=Shape.hidden)
    parser.add_argument("--precision", choices=("f16", "q8_0"), default="q8_0")
    parser.add_argument("--checkpoint", type=Path, help="write a GGUF here every 500 steps")
    parser.add_argument("--compile", action="store_true", help="fuse with torch.compile (needs a C++ compiler)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    if args.member:
        search = FAMILY[args.member]
        parser.set_defaults(
            out=MODELS / "family" / f"{args.member}.gguf", resume=MODELS / f"{BUNDLED}.gguf", hazard=search.hazard,
            recheck=search.recheck or parser.get_default("recheck"), drills=0.3, rate=1e-3,
            warm_up=50,
            tokens=LONG if search.numbers > 3 else SHORT)
        args = parser.parse_args()
    if not args.out:
        parser.error("give the file to write with --out, or a --member")
    return args


def searching(args: argparse.Namespace) -> Search:
    return replace(FAMILY[args.member or BUNDLED], hazard=args.hazard, recheck=args.recheck)


def vocabulary(args: argparse.Namespace) -> Tokenizer:
    """That of the model whose training goes on, or one that is learned from traces."""
    if args.resume:
        return Tokenizer.read(args.resume.with_suffix(".tokenizer.json"))
    rng, puzzles = random.Random(args.seed), solvable_puzzles("train")
    pairs = (traces.training_pair(puzzles, searching(args), args.hopeless, rng) for _ in range(20_000))
    return learn(text for pair in pairs for text in pair)


def main() -> None:
    args = arguments()
    torch.manual_seed(args.seed)
    torch.set_num_threads(args.threads)
    torch.set_flush_denormal(True)
    started = time.time()
    tokenizer = vocabulary(args)
    search = searching(args)
    corpus = Corpus(tokenizer, search, args.hopeless, args.drills, args.seed)
    model = Model(Shape(len(tokenizer.tokens), layers=args.layers, width=args.width, hidden=args.hidden))
    if args.resume:
        read_weights(model, args.resume)
    parameters = sum(p.numel() for p in model.parameters())
    print(f"{parameters:,} parameters, {len(tokenizer.tokens)} tokens", flush=True)
    curve = train(model, corpus, args)
    taught = ", ".join(f"{key} {value}" for key, value in asdict(search).items() if value is not None)
    description = f"Countdown search traces ({taught}); an instrument for thinking control, not evidence about R1"
    name = f"localthink {(args.member or BUNDLED).replace('-', ' ').capitalize()}"
    write_gguf(model, tokenizer, args.out, args.precision, name, description)
    if not args.resume:
        tokenizer.save(args.out.with_suffix(".tokenizer.json"))
    record = {
        "settings": {k: v.name if isinstance(v, Path) else v for k, v in vars(args).items()
                     if k != "checkpoint" and v != math.inf},
        "search": asdict(search),
        "shape": asdict(model.shape), "parameters": parameters, "seconds": round(time.time() - started),
        "sha256": hashlib.sha256(args.out.read_bytes()).hexdigest(), "torch": torch.__version__, "loss": curve,
    }
    args.out.with_suffix(".training.json").write_text(json.dumps(record, indent=1, default=str) + "\n")
    print(f"{args.out}: {args.out.stat().st_size / 2**20:.2f} MiB, sha256 {record['sha256']}")


if __name__ == "__main__":
    main()

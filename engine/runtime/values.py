"""What is said between the program and a worker. Values only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from engine.catalog.image_rule import ImageRule
from engine.catalog.model import InstalledModel

# Stands in a turn's content for each of its images, in their order: a noncharacter, which no text has.
IMAGE_MARK = "\ufdd1"


class RuntimeState(StrEnum):
    STOPPED = "stopped"
    STARTING = "starting"
    LOADING = "loading"
    READY = "ready"
    GENERATING = "generating"
    CRASHED = "crashed"


class StopReason(StrEnum):
    END = "end"  # the model ended its answer
    STOP_STRING = "stop_string"
    LENGTH = "length"  # max_tokens reached
    CONTEXT_FULL = "context_full"
    CANCELLED = "cancelled"
    TOOL_CALLS = "tool_calls"  # the answer ended in calls of tools, which the caller has to run


class WhenFull(StrEnum):
    """What to do with a conversation that is longer than the context."""

    STOP = "stop"  # refuse, or end the answer, with a sentence
    CUT = "cut"  # leave out the oldest turns, and say how many


@dataclass(frozen=True, slots=True)
class DeviceLayers:
    """What a device beside the CPU holds."""

    device: str  # as ggml names it, "CUDA0", or of a node (hardware/nodes.py)
    layers: int  # the output counts as one


@dataclass(frozen=True, slots=True)
class LoadRequest:
    """How to load a model; the planner's choice made explicit."""

    path: str
    context_length: int  # tokens, per sequence
    threads: int
    n_gpu_layers: int = 0
    kv_type: str = "f16"  # "f16", "q8_0", "q4_0"
    experts_away: tuple[int, ...] = ()  # layers on devices whose routed experts stay in main memory
    n_batch: int = 512
    n_sequences: int = 1  # answers computed at once
    use_mmap: bool = True
    repack: bool = True
    check_tensors: bool = False
    # One room of `context_length` tokens that all sequences share, in place of one each.
    kv_unified: bool = False
    embedding: bool = False  # the model embeds texts; it cannot answer
    park_folder: str = ""  # where idle conversations are kept as state files; "" keeps none
    park_budget_bytes: int = 0  # of all state files in that folder together
    # Which devices hold the `n_gpu_layers` layers, in the order of the layers, the last ones of the model;
    # empty leaves it to llama.cpp. Nodes are reached by what is named here and in no other way.
    devices: tuple[DeviceLayers, ...] = ()
    # See `ModelShape.beyond_amx`; None: the worker looks at the header itself.
    beyond_amx: bool | None = None
    # Where several devices hold all layers, they compute several steps of a prompt at once, for which
    # each keeps the inputs of all of them.
    pipelined: bool = True
    flash: bool | None = None  # attention without whole matrices of scores; None leaves it to llama.cpp
    projector: str = ""  # file that makes tokens of images; "" for models that read text only
    draft_path: str = ""  # of a smaller model of the same vocabulary that writes ahead; "" is none


def weights_of(request: LoadRequest) -> LoadRequest:
    """Equal for loads that share their weights."""
    return replace(
        request,
        threads=1,
        context_length=1,
        kv_type="f16",
        n_batch=512,
        n_sequences=1,
        kv_unified=False,
        flash=None,
    )


@dataclass(frozen=True, slots=True)
class Timing:
    """How long a model takes at one number of threads: of a few computations, undisturbed."""

    threads: int
    token_s: float  # of one token, with next to nothing before it
    prompt_tps: float  # tokens a second, a batch at once
    deep_token_s: float = 0.0  # of one token behind `depth` others; 0 where that was not measured
    depth: int = 0
    deep_prompt_tps: float = 0.0  # as `prompt_tps`, behind `depth` tokens; with all threads, else 0
    near_token_s: float = 0.0  # of one token behind `near_depth` others; where sequences were copied, else 0
    near_depth: int = 0


@dataclass(frozen=True, slots=True)
class LoadWish:
    """Which model, and what its user asked for; everything else is planned when it is loaded."""

    model: InstalledModel
    context_length: int = 0  # tokens; 0 lets the planner choose
    kv_type: str = ""  # "" lets the planner choose
    n_sequences: int = 0  # 0 lets the planner choose
    device_layers: int = -1  # on devices beside the processor; -1 lets the planner choose
    embedding: bool = False
    draft: str = ""  # path of a smaller model of the same vocabulary that writes ahead; "" is none
    # experts of so many layers stay in main memory, 0: all with their layers; None lets the planner choose
    experts_in_ram: int | None = None


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call of a tool that a model asked for. `arguments` is the text of a JSON object."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Tool:
    """A function that a model may ask to have called. `parameters` is the text of a JSON schema."""

    name: str
    description: str
    parameters: str
    strict: bool = False  # a call that does not keep to it is none; refused if that cannot be told


@dataclass(frozen=True, slots=True)
class Turn:
    """One message as the chat template sees it."""

    role: str  # "system", "user", "assistant", "tool"
    content: str
    tool_calls: tuple[ToolCall, ...] = ()  # of an assistant
    tool_call_id: str = ""  # of a tool: which call this is the result of
    reasoning: str = ""  # of an assistant: what it thought, for templates that tell it again
    images: tuple[bytes, ...] = ()  # files: PNG, JPEG or GIF; each has an IMAGE_MARK in `content`


@dataclass(frozen=True, slots=True)
class LogitBias:
    token: int
    bias: float  # added to the logit; -100 or less bans the token


@dataclass(frozen=True, slots=True)
class Sampling:
    temperature: float = 0.7
    top_k: int = 40
    top_p: float = 0.95
    min_p: float = 0.05
    repeat_penalty: float = 1.0
    seed: int | None = None
    stop: tuple[str, ...] = ()
    frequency_penalty: float = 0.0
    presence_penalty: float = 0.0
    logit_bias: tuple[LogitBias, ...] = ()
    ignore_end: bool = False  # goes on when the model wants to end; for benchmarks
    grammar: str = ""  # GBNF that the answer has to follow
    json_schema: str = ""  # text of a JSON schema that the answer has to follow; "{}" is any JSON
    strict_schema: bool = False  # refused if there is anything in it that cannot be kept to
    top_logprobs: int = -1  # -1: no log probabilities; 0: of the drawn tokens; n: of n more each
    # Names of values that a person chose, be they our defaults or not: an endpoint elsewhere is told
    # those, and keeps its own defaults for the rest.
    chosen: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GenerationRequest:
    """One answer. `answer_so_far` is written after the rendered prompt to carry an answer on."""

    turns: tuple[Turn, ...]
    sampling: Sampling
    max_tokens: int  # 0: until the model ends or the context is full
    answer_so_far: str = ""
    reasoning_so_far: str = ""
    prompt: str | None = None  # completed as it is, without a template; `turns` is empty then
    conversation: str = ""  # names its state file, for `forget`; "" is never kept on disk
    thinking: bool | None = None  # for templates with a switch; None leaves it to the model
    effort: str = ""  # of thinking: "none", "low", "high" ...; "" leaves it to the model
    template_arguments: str = ""  # text of a JSON object: values by names that the template may know
    tools: tuple[Tool, ...] = ()
    tool_choice: str = "auto"  # "auto", "none", "required", or the name of a tool
    when_full: WhenFull = WhenFull.STOP
    drafts: bool = True  # tokens may be guessed and checked together; the answer is the same


@dataclass(frozen=True, slots=True)
class EmbeddingRequest:
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A token that could have been drawn."""

    text: str
    raw: tuple[int, ...]  # its bytes; a character may be spread over several tokens
    logprob: float  # natural logarithm


@dataclass(frozen=True, slots=True)
class TokenLogprob:
    """A drawn token, by the model's own distribution (before sampling), and its rivals."""

    drawn: Candidate
    top: tuple[Candidate, ...]  # most likely first


@dataclass(frozen=True, slots=True)
class MemoryShare:
    """What one part of a loaded model takes on one device, as llama.cpp reports it."""

    device: str  # "CPU", "CUDA0", ... or of a node (hardware/nodes.py)
    part: str  # "weights", "repack", "kv_cache", "compute", "output", "projector" (with its buffers)
    size_bytes: int


def part_bytes(shares: Iterable[MemoryShare], part: str) -> int:
    """Of that part on all devices."""
    return sum(share.size_bytes for share in shares if share.part == part)


@dataclass(frozen=True, slots=True)
class PlannedMemory:
    """What a load would take, found out by llama.cpp itself without reading or allocating weights."""

    shares: tuple[MemoryShare, ...]
    context_length: int  # of one sequence; llama.cpp may round what was asked for
    n_sequences: int
    layers_on_gpu: int

    def of(self, part: str) -> int:
        """Bytes of that part on all devices."""
        return part_bytes(self.shares, part)

    def on(self, device: str) -> int:
        """Bytes of all parts on that device."""
        return sum(share.size_bytes for share in self.shares if share.device == device)


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What the worker knows once a model is loaded. Bytes as llama.cpp reports them."""

    name: str
    architecture: str
    context_length: int
    trained_context: int
    weights_bytes: int
    load_s: float
    pid: int
    device: str  # e.g. "CPU (zen4)", "CUDA0"
    has_template: bool
    n_sequences: int = 1
    n_embedding: int = 0  # length of a vector, of embedding models
    has_tools: bool = False  # the template knows tools
    sees: bool = False  # it takes images
    image_rule: ImageRule | None = None  # how many tokens it takes for one; None where that is not known
    memory: tuple[MemoryShare, ...] = ()
    planned: tuple[MemoryShare, ...] = ()  # what the host expected of the load, "overhead" included
    pack: str = ""  # the runtime pack that computes; "" for what the program brings

    def of(self, part: str) -> int:
        """Bytes of that part of `memory` on all devices."""
        return part_bytes(self.memory, part)


@dataclass(frozen=True, slots=True)
class RunningModel:
    """A model that the engine holds. Counters are totals since it was loaded."""

    model: InstalledModel
    state: RuntimeState
    facts: ModelFacts | None
    request: LoadRequest
    answering: int  # answers at work
    waiting: int  # answers in the queue
    answers: int  # ended, however
    prompt_tokens: int
    reused_tokens: int
    generated_tokens: int
    prompt_s: float
    generation_s: float
    queue_s: float
    first_token_s: float
    evaluated_tokens: int  # of prompts
    widths: float  # mean number of answers in the batches of each answer, summed
    crashes: int
    idle_s: float  # since the last answer


@dataclass(frozen=True, slots=True)
class EngineStatus:
    """What the engine of this user is doing."""

    pid: int
    version: str
    clients: int
    uptime_s: float
    models: tuple[RunningModel, ...]

"""The peer: llmfit, in an environment of its own, asked through a profile of the described machine."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import venv
from dataclasses import dataclass
from pathlib import Path

from engine.planning.machine import Machine
from tests.bench.engine.build import cache_folder

_NAMES = {
    "DeepSeek-R1-0528": "deepseek-ai/DeepSeek-R1-0528",
    "DeepSeek-R1-Distill-Qwen-7B": "deepseek-ai/DeepSeek-R1-Distill-Qwen-7B",
    "DeepSeek-R1-Distill-Qwen-14B": "deepseek-ai/DeepSeek-R1-Distill-Qwen-14B",
    "DeepSeek-R1-Distill-Llama-8B": "deepseek-ai/DeepSeek-R1-Distill-Llama-8B",
    "Qwen3-8B": "Qwen/Qwen3-8B",
    "Qwen3-30B-A3B": "Qwen/Qwen3-30B-A3B",
}
_PATIENCE_S = 60
_GB = 1e9


@dataclass(frozen=True, slots=True)
class Llmfit:
    program: Path

    @classmethod
    def find(cls) -> Llmfit | None:
        """Installed by pip once; None where pip cannot."""
        folder = cache_folder() / "llmfit"
        program = folder / "bin" / "llmfit"
        if not program.exists():
            venv.create(folder, with_pip=True)
            command = [str(folder / "bin" / "pip"), "--disable-pip-version-check", "install", "-q", "llmfit"]
            done = subprocess.run(command, check=False, capture_output=True, text=True)
            if done.returncode:
                print(f"bench: llmfit could not be installed: {done.stderr[-200:]}", file=sys.stderr)
        return cls(program) if program.exists() else None

    def generation_tps(
        self, machine: Machine, path: str, model: str, quantization: str, context: int
    ) -> float | None:
        """What llmfit says of the way the report went ("gpu", "cpu_offload", "cpu_only"); None where it
        knows no such model or gives no figure."""
        if model not in _NAMES:
            return None
        with tempfile.TemporaryDirectory() as folder:
            profile = Path(folder) / "described.json"
            profile.write_text(json.dumps(_profile(machine)))
            command = [str(self.program), "--profile", str(profile), "plan", _NAMES[model]]
            command += ["--context", str(context), "--quant", quantization, "--json", "--no-dashboard"]
            done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=_PATIENCE_S)
        try:
            return _figure(json.loads(done.stdout), path)
        except ValueError:
            return None


def _figure(plan: dict[str, object], path: str) -> float | None:
    paths = plan.get("run_paths")
    for way in paths if isinstance(paths, list) else []:
        value = way.get("estimated_tps") if way.get("path") == path else None
        if isinstance(value, int | float) and value > 0:
            return float(value)
    return None


def _profile(machine: Machine) -> dict[str, object]:
    """The same machine in llmfit's words: it knows one pool of GPU memory."""
    hardware: dict[str, object] = {
        "total_ram_gb": machine.ram_total / _GB,
        "unified_memory": any(gpu.unified for gpu in machine.gpus),
        "ddr_bandwidth_gbps": machine.ram_bandwidth.expected / _GB,
    }
    if machine.gpus:
        hardware["gpu_memory_bandwidth_gbps"] = machine.gpus[0].bandwidth / _GB
        hardware["gpu_vram_gb"] = sum(gpu.budget for gpu in machine.gpus) / _GB
    return {"schema_version": 1, "name": "described", "hardware": hardware}

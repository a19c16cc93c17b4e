"""Train the five systems' small recipes and the plain baseline on one data set, and print a table of what they reach.

python examples/systems.py WORLD RUNS SEEDS [CHANGE ...]       for example: demo/world runs 0,1,2 epochs=6
"""

import json
import statistics
import sys
from pathlib import Path

from passerby import run
from passerby.datasets import synthetic
from passerby.judge import judge, save_scores
from passerby.training.machine import Machine

SYSTEMS = (
    *("baseline", "hybrid_attention", "horizontal_pooling"),
    *("joint_attention", "midlevel_attributes", "global_embedding"),
)


def main(world: str, runs: str, seeds: str, *changes: str) -> None:
    data = synthetic.load(Path(world))
    print("| recipe | rank-1 | mAP (step) | mAP of each seed |\n|---|---:|---:|---|")
    for system in SYSTEMS:
        first, average = [], []
        for seed in map(int, seeds.split(",")):
            out = Path(runs) / f"{system}.small-{seed}"
            begun = (out / "recipe.json").is_file()
            name, machine = f"{system}.small", Machine(accelerator="cpu")
            trained = run.train(name, data=data, out=out, changes=changes, seed=seed, resume=begun, machine=machine)
            if not (out / "scores.json").is_file():
                save_scores(judge(trained, data).scores, out / "scores.json")
            found = json.loads((out / "scores.json").read_text())
            first.append(100 * found["rank1"])
            average.append(100 * found["mAP"])
        each = ", ".join(f"{value:.1f}" for value in average)
        print(f"| {system}.small | {told(first)} | {told(average)} | {each} |", flush=True)


def told(values: list[float]) -> str:
    mean = statistics.fmean(values)
    return f"{mean:.1f} ± {statistics.stdev(values):.1f}" if len(values) > 1 else f"{mean:.1f}"


if __name__ == "__main__":
    main(*sys.argv[1:])

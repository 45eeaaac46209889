"""Benchmarks: ours beside the best known peer on the same data, in pairs; results in build/bench.json."""

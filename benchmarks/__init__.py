"""Benchmarks: commands that measure `comet_async`; README.md says how to run and read them."""

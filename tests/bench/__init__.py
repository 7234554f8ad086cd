"""Benchmarks: what this server costs beside a bare one, as ratios of one run. `make bench` runs them."""

"""The command line: `comet-async call`, `harvest`, `serve`, `demo`, `doctor`, `login`."""

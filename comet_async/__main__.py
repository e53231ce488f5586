"""`python -m comet_async`: the same program as `comet-async`."""

from comet_async.cli.main import main

if __name__ == "__main__":
    main()

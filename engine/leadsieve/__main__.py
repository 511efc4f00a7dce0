"""`python -m leadsieve`: the command line."""

from leadsieve.cli import run

if __name__ == "__main__":
    run()

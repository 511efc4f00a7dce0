"""`python -m leadsieve`: the command line."""

from leadsieve.cli import main

if __name__ == "__main__":
    main()

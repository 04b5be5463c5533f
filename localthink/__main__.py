"""`python -m localthink` is `localthink`."""
from localthink.cli.main import main

if __name__ == "__main__":
    main()

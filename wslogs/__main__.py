"""python -m wslogs"""

from wslogs.cli import main

if __name__ == "__main__":
    main()

"""``python -m gateway`` is ``monition``."""

from gateway.cli.main import main

if __name__ == "__main__":
    main()

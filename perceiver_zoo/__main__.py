"""`python -m perceiver_zoo` is the command `perceiver-zoo`."""

from perceiver_zoo.cli import main

raise SystemExit(main())

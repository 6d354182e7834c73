# `make demo` serves the page, `make test` runs every check. Both set up .venv first; nothing needs root.

# Every path is relative, so the folder's own name may hold spaces.
PYTHON := .venv/bin/python
PIP_INSTALL := $(PYTHON) -m pip install --disable-pip-version-check
# Some tests wait for a browser or a decoder, so more than a few workers would only cost memory.
PYTEST := $(PYTHON) -m pytest
WORKERS := --numprocesses auto --maxprocesses 4 --dist loadfile

.DELETE_ON_ERROR:
.PHONY: demo test test-network format clean

demo: .venv/demo.stamp
	$(PYTHON) app.py

test: .venv/test.stamp
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m pyright
	$(PYTEST) $(WORKERS) -m 'not browser and not network'
	$(PYTEST) --numprocesses 2 --dist loadfile -m browser # by themselves, for a page answers late beside other work

test-network: .venv/test.stamp
	$(PYTEST) -m network

format: .venv/test.stamp
	$(PYTHON) -m ruff check --fix .
	$(PYTHON) -m ruff format .

clean:
	rm -rf .venv build dist .pytest_cache .ruff_cache .hypothesis .gradio
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/demo.stamp: .venv/bin/python requirements.txt pyproject.toml
	$(PIP_INSTALL) --editable .
	@touch $@

.venv/test.stamp: .venv/bin/python requirements.txt pyproject.toml
	$(PIP_INSTALL) --editable '.[test]'
	@touch $@ .venv/demo.stamp

# No prerequisite: the link is as old as the system's Python, so its age says nothing.
.venv/bin/python:
	@for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	  if $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    echo "creating .venv with $$python"; exec $$python -m venv .venv; \
	  fi; \
	done; \
	echo 'Perceiver Zoo needs Python 3.11 or newer, and no python3 found here is.' >&2; exit 1

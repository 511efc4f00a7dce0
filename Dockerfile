# leadsieve in a container, as a user of its own:
#
#   docker build -t leadsieve .
#   docker run --rm --user "$(id -u):$(id -g)" -v "$PWD:/data" -v leadsieve-cache:/cache \
#       leadsieve clean leads.csv --region IN --out out
#
# The extras are for URLs that files are read from: `--build-arg EXTRAS=http,gcs` for others (see pyproject.toml).

FROM python:3.13-slim AS build
ARG EXTRAS=http,s3,sftp
WORKDIR /src
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
COPY constraints.txt ./
# A layer of its own: what builds the wheel changes with the constraints alone.
RUN pip install -c constraints.txt hatchling && python -m venv /app
COPY pyproject.toml README.md LICENSE ./
COPY engine engine
COPY rules rules
COPY connectors connectors
RUN pip wheel --no-build-isolation --no-deps --wheel-dir dist . \
    && /app/bin/pip install -c constraints.txt "$(echo dist/leadsieve-*.whl)[$EXTRAS]" \
    && /app/bin/pip uninstall --yes pip

FROM python:3.13-slim
LABEL org.opencontainers.image.title="leadsieve" org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /app /app
# The loops are compiled for the processor that they run on, which need not be the one that builds the image: so the
# first large run compiles them, some ten seconds, and a volume at /cache keeps them for the next. Whoever `--user`
# names may write there, and leadsieve takes nothing from there that another user wrote: give each user a volume.
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin leadsieve \
    && install --directory --mode=1777 /cache && install --directory --owner=leadsieve /data
ENV PATH=/app/bin:$PATH LEADSIEVE_CACHE_DIR=/cache
VOLUME ["/cache"]
WORKDIR /data
USER 10001
ENTRYPOINT ["leadsieve"]
CMD ["--help"]

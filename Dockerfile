# The exact release of Python on Debian 13. Whoever wants the very same bytes each time adds the
# digest, which the registry gives: `docker buildx imagetools inspect python:3.13.11-slim-trixie`
# prints it, and both FROM lines become python:3.13.11-slim-trixie@sha256:...
FROM python:3.13.11-slim-trixie AS build

ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /source

# The locks come first: a change of the code alone does not install them again.
COPY requirements.lock ./
RUN python -m venv /opt/tradebell \
 && /opt/tradebell/bin/pip install --require-hashes --no-deps -r requirements.lock

COPY requirements-build.lock ./
RUN pip install --require-hashes --no-deps -r requirements-build.lock

COPY pyproject.toml README.md ./
COPY bot bot
COPY adapters adapters
COPY storage storage
RUN python -m hatchling build -t wheel -d dist \
 && /opt/tradebell/bin/pip install --no-deps --no-index dist/*.whl \
 && /opt/tradebell/bin/pip uninstall --yes pip


FROM python:3.13.11-slim-trixie

# Letters for pictures that Pillow's own font has not: accents and Cyrillic, and Chinese.
RUN apt-get update \
 && apt-get install --yes --no-install-recommends fonts-dejavu-core fonts-droid-fallback \
 && rm -rf /var/lib/apt/lists/*

RUN groupadd --gid 10001 tradebell \
 && useradd --uid 10001 --gid 10001 --no-create-home --shell /usr/sbin/nologin tradebell \
 && install -d -o tradebell -g tradebell -m 700 /data
COPY --from=build /opt/tradebell /opt/tradebell

ENV PATH=/opt/tradebell/bin:$PATH \
    TRADEBELL_DATA_DIR=/data \
    TRADEBELL_LISTEN=0.0.0.0:8080 \
    TRADEBELL_LOG_FORMAT=json

# A number, so that an orchestrator can see that it is not root.
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM

# Asked directly: a proxy that the environment names is no way to the own loopback.
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s CMD ["python", "-c", "\
import os, urllib.request as web;\
port = os.environ['TRADEBELL_LISTEN'].rpartition(':')[2];\
web.build_opener(web.ProxyHandler({})).open(f'http://127.0.0.1:{port}/healthz', timeout=4)"]

ENTRYPOINT ["tradebell"]
CMD ["run"]

# The worker as an image: built from hashes, run without root.
ARG BASE_IMAGE=python:3.12-slim

FROM ${BASE_IMAGE} AS build
WORKDIR /build
RUN python3 -m venv /opt/tools && /opt/tools/bin/pip install --no-cache-dir uv==0.13.9
ENV PATH=/opt/tools/bin:$PATH UV_NO_CACHE=1 UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy
COPY requirements-runtime.lock ./
RUN python3 -m venv --without-pip /opt/loyalty \
 && uv pip sync --python /opt/loyalty/bin/python --require-hashes requirements-runtime.lock
COPY pyproject.toml README.md requirements.lock ./
COPY schemas schemas
COPY rules_engine rules_engine
COPY config config
COPY worker worker
RUN uv build --wheel --python /opt/loyalty/bin/python \
      --build-constraints requirements.lock --require-hashes --out-dir dist \
 && uv pip install --python /opt/loyalty/bin/python --no-deps dist/*.whl

FROM ${BASE_IMAGE}
RUN groupadd --system --gid 10001 loyalty \
 && useradd --system --uid 10001 --gid 10001 --home-dir /tmp --shell /usr/sbin/nologin loyalty
COPY --from=build /opt/loyalty /opt/loyalty
ENV PATH=/opt/loyalty/bin:$PATH PYTHONUNBUFFERED=1
WORKDIR /tmp
USER 10001:10001
EXPOSE 8080
ENTRYPOINT ["loyalty"]
CMD ["worker"]

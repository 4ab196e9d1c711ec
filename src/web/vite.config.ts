import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

const server = "http://127.0.0.1:4000";

export default defineConfig({
  plugins: [react()],
  build: { outDir: "../../dist/web", emptyOutDir: true, assetsInlineLimit: 0 },
  server: {
    proxy: {
      "^/(graphql|graphiql|auth|api)(/|$|\\?)": server,
      "^/mailbox/postmark/": server,
      "^/realtime/": { target: server, ws: true },
    },
  },
});

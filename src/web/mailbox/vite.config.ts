import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

const server = "http://127.0.0.1:4025";

/** The page of the mailbox: an app of its own, served by the mailbox's process. */
export default defineConfig({
  plugins: [react()],
  publicDir: "../public",
  build: { outDir: "../../../dist/mailbox", emptyOutDir: true, assetsInlineLimit: 0 },
  server: { proxy: { "^/(_letters|_control)(/|$|\\?)": server } },
});

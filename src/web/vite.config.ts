import { readdirSync } from "node:fs";
import path from "node:path";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

const server = "http://127.0.0.1:4000";

export default defineConfig({
  plugins: [react(), listOfPages()],
  build: { outDir: "../../dist/web", emptyOutDir: true, assetsInlineLimit: 0 },
  server: {
    proxy: {
      "^/(graphql|graphiql|auth|api)(/|$|\\?)": server,
      "^/mailbox(/|$)": server,
      "^/realtime/": { target: server, ws: true },
    },
  },
});

/** Tells the server below which first words of a path there are screens. */
function listOfPages(): Plugin {
  const screens = readdirSync(path.join(import.meta.dirname, "screens")).flatMap(
    (name) => /^(.+)\.tsx$/.exec(name)?.[1] ?? [],
  );
  const source = JSON.stringify(screens.filter((name) => name !== "not-found"));
  return {
    name: "list-of-pages",
    generateBundle() {
      this.emitFile({ type: "asset", fileName: "pages.json", source });
    },
  };
}

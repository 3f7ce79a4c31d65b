import { defineConfig } from "vite";

// Stable names: the server embeds exactly these files, and a browser asks each time whether they are current.
export default defineConfig({
  base: "./",
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    target: "es2022",
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    license: { fileName: "licenses.md" },
    rolldownOptions: {
      output: {
        entryFileNames: "dashboard.js",
        assetFileNames: "dashboard[extname]",
        codeSplitting: false,
      },
    },
  },
  server: { proxy: { "/api": process.env.TIDEGATE_URL ?? "http://127.0.0.1:8443" } },
});

import react from "@vitejs/plugin-react"
import { defineConfig } from "vite"
import { compressed } from "./build/compressed.ts"

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react(), compressed()],
  build: {
    outDir: process.env["ROOST_CONSOLE_OUT"] ?? "dist",
    emptyOutDir: true,
    target: "es2023",
    // `light-dark()` stays as it is: what it is made into for older browsers knows nothing of the reader's choice.
    cssTarget: ["chrome123", "firefox120", "safari17.5"],
    // A map of each file would be most of the folder, and whoever looks for a fault has the sources.
    sourcemap: false,
    // A data: address in a style is a file less, but `script-src 'self'` refuses those of workers.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // The first page needs one file of some 550 kB, 145 kB compressed.
    chunkSizeWarningLimit: 700
  },
  // `npm start` in another terminal: the pages from here, the API from there.
  server: { proxy: { "/v1": "http://127.0.0.1:8080" } }
})

import { tanstackRouter } from "@tanstack/router-plugin/vite";
import react from "@vitejs/plugin-react";
import { fileURLToPath } from "node:url";
import { VitePWA } from "vite-plugin-pwa";
import { defineConfig } from "vitest/config";
import { VitestCount } from "./scripts/count-tests.mjs";

// The address of a running `weft up`, for `npm run dev`.
const server = process.env.WEFT_SERVER ?? "http://127.0.0.1:8080";

export default defineConfig({
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  plugins: [
    tanstackRouter({ target: "react", autoCodeSplitting: true, quoteStyle: "double", semicolons: true }),
    react(),
    VitePWA({
      // The person decides when to reload: a silent update would throw away a half-filled form.
      registerType: "prompt",
      injectRegister: null,
      includeAssets: ["favicon.svg", "apple-touch-icon.png"],
      manifest: {
        name: "Weft",
        short_name: "Weft",
        description: "Hiring and job search, every process a flow you can watch",
        start_url: "/",
        display: "standalone",
        background_color: "#ffffff",
        theme_color: "#0f766c",
        icons: [
          { src: "icon-192.png", sizes: "192x192", type: "image/png" },
          { src: "icon-512.png", sizes: "512x512", type: "image/png" },
          { src: "icon-maskable-512.png", sizes: "512x512", type: "image/png", purpose: "maskable" },
        ],
      },
      workbox: {
        globPatterns: ["**/*.{js,css,html,svg,png,woff2}"],
        // Latin only; the other scripts of the fonts are fetched when a page needs them.
        globIgnores: ["**/*-{cyrillic,greek,vietnamese}*.woff2"],
        navigateFallback: "/index.html",
        // Everything the server answers itself must never be answered with the shell.
        navigateFallbackDenylist: [/^\/(api|openapi|health|metrics|workflows?|jobs|rest|auth\/v1|storage|functions|realtime)(\/|$)/],
        cleanupOutdatedCaches: true,
      },
    }),
  ],
  server: { proxy: { "/api": server, "/openapi": server } },
  define: { __BUILD__: JSON.stringify(Date.now().toString(36)) },
  build: { target: "es2022", assetsInlineLimit: 0, manifest: true, sourcemap: false, chunkSizeWarningLimit: 800 },
  test: {
    environment: "happy-dom",
    include: ["src/**/*.test.{ts,tsx}"],
    setupFiles: ["src/test-setup.ts"],
    restoreMocks: true,
    reporters: ["default", new VitestCount()],
  },
});

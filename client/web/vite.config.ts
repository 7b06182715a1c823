import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// During development (`npm run dev`) the API is that of a running server.
const server = process.env.WEBHOOKD_URL ?? "http://127.0.0.1:8080";

export default defineConfig({
  base: "/det/",
  plugins: [react()],
  build: {
    target: "es2022",
    assetsDir: "assets",
    assetsInlineLimit: 0, // the page's policy allows no data: URLs
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  server: { proxy: { "/api": server } },
});

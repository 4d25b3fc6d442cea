import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** Where `npm run dev` finds the server that it stands in front of. */
const server = process.env.SWATH_SERVER ?? 'http://127.0.0.1:8000';

export default defineConfig({
  plugins: [react()],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  server: { proxy: { '/api': server, '/login': server, '/pages': server } },
  build: { target: 'es2022', sourcemap: false, manifest: true, chunkSizeWarningLimit: 900 },
});

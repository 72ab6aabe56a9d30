import { defineConfig } from 'vitest/config';

// Needs Go and Chromium and starts the whole system, so it stands apart from the quick tests.
export default defineConfig({
  test: { include: ['preview/live/*.live.ts'], environment: 'node', env: { NODE_ENV: 'production' } },
});

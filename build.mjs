// Bundles the program into dist/main.js: half the start-up time and memory of loading 50 packages.
import { chmodSync } from 'node:fs'
import { build } from 'esbuild'

await build({
  entryPoints: ['src/main.ts'],
  outfile: 'dist/main.js',
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  // Native parts stay packages of their own: they find their prebuilt binaries beside themselves.
  external: ['@serialport/bindings-cpp', 'koffi'],
  banner: {
    js: "#!/usr/bin/env node\nimport { createRequire as cipbridgeRequire } from 'node:module'\nconst require = cipbridgeRequire(import.meta.url)",
  },
})
chmodSync('dist/main.js', 0o755)

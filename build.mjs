// Bundles the program into dist/: half the start-up time and memory of loading 50 packages. main.js holds what every verb
// needs, the other files what only some do; they are loaded with the verb.
import { chmodSync, readFileSync, rmSync } from 'node:fs'
import { build } from 'esbuild'

/** A bundled package finds the prebuilt binaries of its own folder no more: it is told where that is. */
const prebuiltBinaries = {
  name: 'prebuilt-binaries',
  setup: ({ onLoad }) =>
    onLoad({ filter: /bindings-cpp\/dist\/serialport-bindings\.js$/ }, ({ path }) => ({
      contents: readFileSync(path, 'utf8').replace(
        '__dirname',
        "(0, path_1.dirname)(require.resolve('@serialport/bindings-cpp'))",
      ),
    })),
}

rmSync('dist/chunks', { recursive: true, force: true })
await build({
  entryPoints: ['src/main.ts'],
  outdir: 'dist',
  chunkNames: 'chunks/[name]-[hash]',
  bundle: true,
  splitting: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  // Names stay, so that the stack of a bug can be read.
  minifySyntax: true,
  minifyWhitespace: true,
  lineLimit: 120,
  external: ['koffi'],
  plugins: [prebuiltBinaries],
  banner: {
    js: "import { createRequire as cipbridgeRequire } from 'node:module'\nconst require = cipbridgeRequire(import.meta.url)",
  },
})
chmodSync('dist/main.js', 0o755)

// The manual pages and completions come from the same source as the help and the schema.
const writer = 'dist/write-manual.mjs'
await build({
  entryPoints: ['src/cli/manual/write.ts'],
  outfile: writer,
  bundle: true,
  packages: 'external',
  platform: 'node',
  target: 'node20',
  format: 'esm',
})
const { writeManual } = await import(new URL(writer, import.meta.url))
await writeManual('dist')
rmSync(writer)

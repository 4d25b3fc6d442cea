// How much a browser has to load: fails if it has become more than we want to make people wait for.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const dist = process.argv[2] ?? new URL('../dist', import.meta.url).pathname;
const ENTRY_KB = 250;
const CHUNK_KB = 120;
const PACKAGES = 80;

const gzipped = (file) => gzipSync(readFileSync(join(dist, file)), { level: 9 }).length / 1024;
const manifest = JSON.parse(readFileSync(join(dist, '.vite', 'manifest.json'), 'utf8'));
const entry = Object.values(manifest).find((chunk) => chunk.isEntry);

/** The scripts that must be there before anything is shown. */
function withImports(chunk, seen = new Set()) {
  if (seen.has(chunk.file)) return seen;
  seen.add(chunk.file);
  for (const name of chunk.imports ?? []) withImports(manifest[name], seen);
  return seen;
}

const first = withImports(entry);
const entrySize = [...first].reduce((sum, file) => sum + gzipped(file), 0);
const lazy = readdirSync(join(dist, 'assets'))
  .map((name) => `assets/${name}`)
  .filter((file) => file.endsWith('.js') && !first.has(file))
  .map((file) => ({ file, size: gzipped(file) }))
  .sort((a, b) => b.size - a.size);
const lock = JSON.parse(readFileSync(new URL('../package-lock.json', import.meta.url), 'utf8'));
// What belongs to the build tool is not what people load; it is in `dependencies` so that packaging can build.
const packages = Object.entries(lock.packages).filter(
  ([path, info]) => path !== '' && !info.dev && !info.optional,
).length;

const faults = [];
if (entrySize > ENTRY_KB)
  faults.push(`the entry has ${entrySize.toFixed(0)} kB, at most ${ENTRY_KB} are wanted`);
for (const { file, size } of lazy) {
  if (size > CHUNK_KB) faults.push(`${file} has ${size.toFixed(0)} kB, at most ${CHUNK_KB} are wanted`);
}
if (packages > PACKAGES) faults.push(`${packages} packages, at most ${PACKAGES} are wanted`);
console.log(
  `gzipped: entry ${entrySize.toFixed(0)} of ${ENTRY_KB} kB, largest lazy chunk ${(lazy[0]?.size ?? 0).toFixed(0)} of ${CHUNK_KB} kB (${lazy[0]?.file ?? 'none'}); ${packages} of ${PACKAGES} packages`,
);
for (const fault of faults) console.error(`too large: ${fault}`);
process.exit(faults.length === 0 ? 0 : 1);

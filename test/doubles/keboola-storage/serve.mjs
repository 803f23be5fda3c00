/**
 * Runs `serve.ts` under plain Node 20, which cannot strip types: `node serve.mjs '<spec as JSON>'`.
 * The spec may also come from a file: `node serve.mjs @spec.json`.
 */
import { readFileSync } from 'node:fs';
import { register } from 'node:module';

register('./strip-types.mjs', import.meta.url);
const { serveKeboolaStorage } = await import('./serve.ts');
const given = process.argv[2] ?? '{"tables":[]}';
try {
  await serveKeboolaStorage(JSON.parse(given.startsWith('@') ? readFileSync(given.slice(1), 'utf8') : given));
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}

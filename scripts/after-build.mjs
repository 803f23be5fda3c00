/** Finishes a build: makes the command line executable and copies the static web page beside its server. */
import { chmodSync, cpSync, existsSync } from 'node:fs';

for (const [from, to] of [['src/server/web', 'dist/server/web']]) {
  if (existsSync(from)) cpSync(from, to, { recursive: true });
}
if (existsSync('dist/cli/main.js')) chmodSync('dist/cli/main.js', 0o755);

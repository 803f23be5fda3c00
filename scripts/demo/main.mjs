/** The demo from its first step to its last: install, build, start, fill, sync, ask, and serve until Ctrl-C. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cleanUp, onCleanUp, stopped } from './clean-up.mjs';
import { prepareProject } from './prepare-project.mjs';
import { nearPath, say, title } from './say.mjs';

const usage = `Usage: ./demo [--once]

Installs and builds what is missing, starts a server on loopback, brings files and a Postgres database to it, syncs a
workspace and asks three questions. Then it serves until Ctrl-C, with everything in ./demo-data.

  --once    use a temporary folder and end after the questions`;

async function main(argv) {
  if (argv.includes('--help') || argv.includes('-h')) return console.log(usage);
  const unknown = argv.find((word) => word !== '--once');
  if (unknown !== undefined) throw new Error(`There is no ${unknown}.\n\n${usage}`);
  const once = argv.includes('--once');

  title('Install and build');
  prepareProject();
  const { copyFiles, startShop, startServer, registerTables, syncAndAsk } = await import('./steps.mjs');
  const home = once ? temporaryHome() : ownHome();
  say(`everything lies in ${nearPath(home)}`);

  title('Start: a folder of files, a Postgres shop, and the server');
  copyFiles(home);
  const shop = await startShop();
  const server = await startServer(home, shop);

  title('Register tables and sync them');
  await registerTables(server, shop);

  title('Bring them to an analyst, and ask');
  await syncAndAsk(server, home, shop);
  if (once) return;

  title('Serving until Ctrl-C');
  tellWhatNext(server, home);
  await stopped;
}

function ownHome() {
  const home = join(process.cwd(), 'demo-data');
  mkdirSync(home, { recursive: true });
  return home;
}

function temporaryHome() {
  const home = mkdtempSync(join(tmpdir(), 'da-demo-'));
  onCleanUp(() => rmSync(home, { recursive: true, force: true, maxRetries: 3 }));
  return home;
}

function tellWhatNext({ url }, home) {
  const folder = nearPath(home);
  console.log(`${url}

Open it in a browser; the token to sign in with lies in ${folder}/data/admin-token. Or try, in another terminal:

  alias da="node ${process.cwd()}/dist/cli/main.js"
  export DA_SERVER=${url} DA_TOKEN=$(cat ${folder}/data/admin-token)
  da query --workspace ${folder}/workspace 'SELECT * FROM movies ORDER BY imdb_rating DESC LIMIT 10'
  da admin sources tables files
  da admin registry add Stocks --source files --source-table stocks.csv && da admin sync stocks
  da sync --workspace ${folder}/workspace && da tables --workspace ${folder}/workspace`);
}

try {
  await main(process.argv.slice(2));
  await cleanUp();
} catch (thrown) {
  await cleanUp();
  if (thrown !== stopped.reason) {
    console.error(`\nThe demo stopped: ${thrown instanceof Error ? thrown.message : thrown}`);
    process.exitCode = 1;
  }
}

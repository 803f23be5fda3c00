/** Facts of the protocol the double must keep, so that tests which lean on it lean on something. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import {
  applyHistory,
  createSender,
  type Delivery,
  eventNames,
  headersOf,
  planDeliveries,
  type RunningJiraSite,
  randomHistory,
  type SiteOptions,
  signBody,
  startJiraSite,
} from './index.ts';

const running: RunningJiraSite[] = [];

async function start(options: Partial<SiteOptions> = {}): Promise<RunningJiraSite> {
  const site = await startJiraSite({ flavour: 'cloud', siteUrl: 'https://site.example', ...options });
  running.push(site);
  return site;
}

afterEach(async () => {
  for (const site of running.splice(0)) await site.stop();
});

const bodyOf = (delivery: Delivery | undefined) => JSON.parse(delivery!.body);
const named = (deliveries: Delivery[], event: string) => deliveries.filter((delivery) => delivery.event === event);

describe('webhook bodies', () => {
  it('signs the published test vector as published', () => {
    expect(signBody('Hello World!', "It's a Secret to Everybody")).toBe(
      'sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9',
    );
  });

  it('knows the 57 event names', () => {
    expect(new Set(eventNames).size).toBe(57);
  });

  it('makes the same bytes and identifiers from the same seed', async () => {
    const lives = await Promise.all(
      [0, 1].map(async () => {
        const { site, control } = await start({ seed: 7 });
        applyHistory(site, randomHistory({ seed: 7, length: 80 }));
        return control.deliveries;
      }),
    );
    expect(lives[0]!.length).toBeGreaterThan(60);
    expect(lives[0]).toEqual(lives[1]);
  });

  it('sends a created issue with its changelog and, on Cloud, without comments', async () => {
    const { site, control } = await start();
    site.issues.create({ project: site.projects.create('AB'), summary: 'First' });
    const body = bodyOf(named(control.takeDeliveries(), 'jira:issue_created')[0]);
    expect(body).toMatchObject({ issue_event_type_name: 'issue_created', issue: { id: '10000', key: 'AB-1' } });
    expect(body.changelog.items.length).toBeGreaterThan(0);
    expect(body.issue.fields).not.toHaveProperty('comment');
    expect(body.issue.fields.status.statusCategory).toMatchObject({ key: 'new', name: 'New' });
    expect(body.issue.fields.created).toMatch(/^2026-01-1\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d{4}$/);
  });

  it('gives a Cloud comment event a stub of six fields, and a Server one no issue at all', async () => {
    for (const flavour of ['cloud', 'server'] as const) {
      const { site, control } = await start({ flavour });
      const issue = site.issues.create({ project: site.projects.create('AB'), summary: 'First' });
      site.comments.add(issue, 'Hello');
      const body = bodyOf(named(control.takeDeliveries(), 'comment_created')[0]);
      if (flavour === 'server') {
        expect(body).not.toHaveProperty('issue');
        expect(body.comment).not.toHaveProperty('jsdPublic');
        expect(body.comment.self).toBe('https://site.example/rest/api/2/issue/10000/comment/10000');
      } else {
        const six = ['assignee', 'issuetype', 'priority', 'project', 'status', 'summary'];
        expect(Object.keys(body.issue.fields).sort()).toEqual(six);
        expect(body.comment.jsdPublic).toBe(true);
      }
    }
  });

  it('names a moved issue by a Key item without fieldId; the id stays and the key returns with it', async () => {
    const { site, control } = await start();
    const [here, there] = [site.projects.create('AA'), site.projects.create('BB')];
    const issue = site.issues.create({ project: here, summary: 'Wanderer' });
    control.takeDeliveries();
    site.issues.move(issue, there);
    const moved = bodyOf(control.takeDeliveries()[0]);
    expect(moved.issue_event_type_name).toBe('issue_moved');
    const fields = moved.changelog.items.map((item: { field: string }) => item.field);
    expect(fields).toEqual(['project', 'status', 'Workflow', 'Key']);
    const key = moved.changelog.items[3];
    expect([key.fromString, Object.getOwnPropertyDescriptor(key, 'toString')?.value]).toEqual(['AA-1', 'BB-1']);
    expect(key).not.toHaveProperty('fieldId');
    site.issues.move(issue, here);
    expect(issue.key).toBe('AA-1');
    expect(site.expectedTables().issue_keys.map((row) => [row.issue_key, row.is_current])).toEqual([
      ['AA-1', true],
      ['BB-1', false],
    ]);
  });

  it('deletes without changelog and with the time of before', async () => {
    const { site, control } = await start();
    const issue = site.issues.create({ project: site.projects.create('AB'), summary: 'Gone' });
    const before = issue.updated;
    control.takeDeliveries();
    site.issues.delete(issue);
    const [delivery] = control.takeDeliveries();
    const body = bodyOf(delivery);
    expect(body).not.toHaveProperty('changelog');
    expect(body).not.toHaveProperty('issue_event_type_name');
    expect(body.issue.fields.comment.total).toBe(0);
    expect(new Date(body.issue.fields.updated).getTime()).toBe(before);
    expect(body.timestamp).toBeGreaterThan(before);
  });

  it('writes worklogs, attachments and links without naming an issue by key', async () => {
    const { site, control } = await start();
    const project = site.projects.create('AB');
    const [one, two] = ['one', 'two'].map((summary) => site.issues.create({ project, summary }));
    site.worklogs.add(one!, { seconds: 5_400 });
    site.attachments.add(one!, { filename: 'log.txt' });
    site.links.create(one!, two!);
    const sent = control.takeDeliveries();
    expect(bodyOf(named(sent, 'worklog_created')[0]).worklog).toMatchObject({ issueId: '10000', timeSpent: '1h 30m' });
    expect(Object.keys(bodyOf(named(sent, 'attachment_created')[0]))).toEqual([
      'timestamp',
      'webhookEvent',
      'attachment',
    ]);
    expect(bodyOf(named(sent, 'issuelink_created')[0]).issueLink).toMatchObject({
      id: 10000,
      sourceIssueId: 10000,
      destinationIssueId: 10001,
    });
  });

  it('sends a deleted Cloud user as two bare keys', async () => {
    const { site, control } = await start();
    site.users.delete([...site.state.users.values()][2]!);
    expect(Object.keys(bodyOf(control.takeDeliveries().at(-1)))).toEqual(['accountId', 'username']);
  });

  it('says nothing of the issues of a deleted project', async () => {
    const { site, control } = await start();
    const [gone] = [site.projects.create('AA'), site.projects.create('BB')];
    site.issues.create({ project: gone, summary: 'Inside' });
    control.takeDeliveries();
    site.projects.trash(gone);
    expect(site.expectedTables().issues).toEqual([]);
    site.projects.restore(gone);
    expect(site.expectedTables().issues).toHaveLength(1);
    site.projects.trash(gone);
    site.projects.delete(gone);
    expect(control.takeDeliveries().map(({ event }) => event)).toEqual([
      'project_soft_deleted',
      'project_restored_deleted',
      'project_soft_deleted',
      'project_deleted',
    ]);
    expect(site.expectedTables().issue_keys).toEqual([]);
  });

  it('marks a bulk change as such and sends it in the second lane', async () => {
    const { site, control } = await start();
    const project = site.projects.create('AB');
    const issues = ['a', 'b', 'c'].map((summary) => site.issues.create({ project, summary }));
    control.takeDeliveries();
    site.issues.bulkEdit(issues, { labels: ['bulk'] });
    const sent = control.takeDeliveries();
    expect(sent.map(({ flow }) => flow)).toEqual(['Secondary', 'Secondary', 'Secondary']);
    expect(bodyOf(sent[0]).bulkOperationMetaData).toEqual({ sendMail: false });
  });

  it('has bodies of the sizes recorded in the wild', async () => {
    const { site, control } = await start();
    applyHistory(site, randomHistory({ seed: 3, length: 150 }));
    const sizes = named([...control.deliveries], 'jira:issue_updated').map(({ body }) => Buffer.byteLength(body));
    expect(Math.min(...sizes)).toBeGreaterThan(6_000);
    expect(Math.max(...sizes)).toBeLessThan(47_000);
  });
});

describe('the oracle', () => {
  it('tells times in UTC whatever offset the actor writes', async () => {
    const { site, control } = await start({ startsAt: Date.UTC(2026, 1, 1, 7, 30) - 1_000 * 6 });
    const honolulu = [...site.state.users.values()].find(({ zone }) => zone === 'Pacific/Honolulu')!;
    const project = site.projects.create('AB');
    site.issues.create({ project, summary: 'Last night of January', by: honolulu.accountId });
    const body = bodyOf(control.takeDeliveries().at(-1));
    expect(body.issue.fields.created).toBe('2026-01-31T21:30:00.000-1000');
    expect(site.expectedTables().issues[0]!.created_at).toBe('2026-02-01 07:30:00.000000');
  });
});

describe('delivery', () => {
  async function receiver(answers: number[]) {
    const heard: { retry: string | undefined; identifier: string; signature: string; body: string }[] = [];
    const server = createServer(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += chunk;
      const { headers } = request;
      heard.push({
        retry: headers['x-atlassian-webhook-retry'] as string | undefined,
        identifier: String(headers['x-atlassian-webhook-identifier']),
        signature: String(headers['x-hub-signature']),
        body,
      });
      response.writeHead(answers.shift() ?? 200).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const stop = () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    return { url: `http://127.0.0.1:${port}/`, heard, stop };
  }

  it('retries 503 with the same identifier and a count, signed over the bytes sent', async () => {
    const { control } = await start({ users: 1 });
    const target = await receiver([503, 429, 200]);
    const sender = createSender({ url: target.url, secret: 'geheim', minuteMilliseconds: 0.1 });
    const [record] = await sender.send(planDeliveries(control.takeDeliveries()));
    expect(record).toMatchObject({ outcome: 'delivered' });
    expect(target.heard.map(({ retry }) => retry)).toEqual([undefined, '1', '2']);
    expect(new Set(target.heard.map(({ identifier }) => identifier)).size).toBe(1);
    expect(target.heard.every(({ signature, body }) => signature === signBody(body, 'geheim'))).toBe(true);
    sender.stop();
    await target.stop();
  });

  it('never retries 400, and gives up after five retries', async () => {
    const { control } = await start({ users: 1 });
    const deliveries = control.takeDeliveries();
    const target = await receiver([400, 500, 500, 500, 500, 500, 500, 500]);
    const sender = createSender({ url: target.url, minuteMilliseconds: 0.5 });
    expect((await sender.send(planDeliveries(deliveries)))[0]).toMatchObject({ outcome: 'refused' });
    const [given] = await sender.send(planDeliveries(deliveries));
    expect(given!.outcome).toBe('given-up');
    expect(given!.answers.length).toBeLessThanOrEqual(6);
    sender.stop();
    await target.stop();
  });

  it('plans loss, repeats and order from a seed', async () => {
    const { site, control } = await start();
    applyHistory(site, randomHistory({ seed: 5, length: 60 }));
    const all = control.takeDeliveries();
    const plan = { seed: 9, order: 'shuffled', duplicates: 0.3, twins: 0.2, lost: 0.1 } as const;
    const planned = planDeliveries(all, plan);
    expect(planned).toEqual(planDeliveries(all, plan));
    const arrived = new Set(planned.map(({ delivery }) => delivery.sequence));
    expect(arrived.size).toBeLessThan(all.length);
    expect(planned.length).toBeGreaterThan(arrived.size);
    expect(planned.some(({ delivery, identifier }) => identifier !== delivery.identifier)).toBe(true);
  });

  it('sends by itself when it has an address', async () => {
    const target = await receiver([]);
    const { site, sender } = await start({ webhookUrl: target.url, secret: 's', users: 1 });
    site.projects.create('AB');
    expect((await sender!.settled()).map(({ outcome }) => outcome)).toEqual(['delivered', 'delivered']);
    await target.stop();
  });

  it('leaves the retry header out of the first attempt', async () => {
    const { control } = await start({ users: 1 });
    const headers = headersOf(control.takeDeliveries()[0]!, undefined);
    expect(headers).not.toHaveProperty('X-Atlassian-Webhook-Retry');
    expect(headers).not.toHaveProperty('X-Hub-Signature');
  });
});

/** A Jira source fed straight into its inbox and applied in the test's own process: what the door does is tested elsewhere. */
import { join } from 'node:path';
import { loadConnector } from '../../src/connectors/catalogue.ts';
import type { PollReport } from '../../src/connectors/receive-way.ts';
import { extractFolder } from '../../src/contract/extract-folder.ts';
import { createScratch } from '../../src/publish/scratch.ts';
import { Applier } from '../../src/receive/applier.ts';
import { InboxWriter } from '../../src/receive/inbox/inbox-writer.ts';
import { Polling, type PollKind } from '../../src/receive/polling.ts';
import { receiveFolder } from '../../src/receive/receive-folder.ts';
import type { PlannedDelivery } from '../doubles/jira-site/index.ts';
import { receiveTask } from './pushed-source.ts';

export const secrets = {
  JIRA_SECRET: 'a secret of the site',
  JIRA_TOKEN: 'reader-token',
  JIRA_SCOPED_TOKEN: 'scoped-token',
};

export function jiraSource(url: string, settings: Record<string, unknown> = {}) {
  return { name: 'jira', type: 'jira', settings: { url, secret_env: 'JIRA_SECRET', ...settings } };
}

/** Stores deliveries as the door would. */
export async function store(dataDirectory: string, planned: readonly PlannedDelivery[]): Promise<void> {
  const inbox = await InboxWriter.open(receiveFolder(extractFolder(dataDirectory, 'jira')).inbox.pushed);
  await Promise.all(
    planned.map(({ delivery, identifier }) => {
      const body = JSON.parse(delivery.body) as { timestamp?: number; webhookEvent?: string };
      const facts = { identifier, name: body.webhookEvent ?? null, occurredAt: body.timestamp ?? null };
      return inbox.append({ ...facts, receivedAt: delivery.at }, Buffer.from(delivery.body));
    }),
  );
  await inbox.close();
}

/** The applier itself, for tests that go step by step; closed after `work`. */
export async function withApplier<Result>(
  dataDirectory: string,
  source: ReturnType<typeof jiraSource>,
  work: (applier: Applier) => Promise<Result>,
): Promise<Result> {
  const connector = await loadConnector('jira');
  const task = receiveTask(dataDirectory, { ...source, settings: connector.settings.parse(source.settings) }, secrets);
  await using scratch = await createScratch(join(dataDirectory, 'scratch'));
  const applier = await Applier.open(task, connector, scratch.directory);
  try {
    return await work(applier);
  } finally {
    await applier.close();
  }
}

/** Applies and publishes all that is stored; `work` sees the applier before it publishes. */
export function applyAll(
  dataDirectory: string,
  source: ReturnType<typeof jiraSource>,
  work: (applier: Applier) => Promise<unknown> = async () => {},
): Promise<Applier['facts']> {
  return withApplier(dataDirectory, source, async (applier) => {
    while (await applier.applyNext());
    await work(applier);
    await applier.publishDue(true);
    return applier.facts;
  });
}

/** Settings with which the source may ask the double's REST side. */
export function askingSource(url: string, flavour: 'cloud' | 'server', settings: Record<string, unknown> = {}) {
  const cloud = flavour === 'cloud' ? { email: 'reader@example.com' } : {};
  return jiraSource(url, {
    deployment: flavour,
    token_env: 'JIRA_TOKEN',
    requests_per_second: 100,
    ...cloud,
    ...settings,
  });
}

/** Asks the site as told and applies what comes back. Returns the reports. */
export async function ask(
  dataDirectory: string,
  source: ReturnType<typeof jiraSource>,
  kinds: readonly { kind: PollKind; force?: boolean }[],
): Promise<PollReport[]> {
  const connector = await loadConnector('jira');
  const settings = connector.settings.parse(source.settings);
  const signal = new AbortController().signal;
  const reports: PollReport[] = [];
  await applyAll(dataDirectory, source, async (applier) => {
    const way = connector.receive!.poll!({
      source: 'jira',
      settings,
      signal,
      secret: (name) => secrets[name as keyof typeof secrets],
    });
    const polling = await Polling.open(way, applier, () => {});
    try {
      for (const { kind, force } of kinds) {
        reports.push(await polling.perform(kind, signal, force ?? false));
        while (await applier.applyNext());
      }
    } finally {
      await polling.close();
    }
  });
  return reports;
}

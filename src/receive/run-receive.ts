/** The process behind the door: applies, publishes, polls and keeps house until it is told to stop. */
import { loadConnector } from '../connectors/catalogue.ts';
import { extractFolder } from '../contract/extract-folder.ts';
import { AttacheError, toErrorRecord } from '../errors/attache-error.ts';
import { takeLock } from '../files/lock.ts';
import { createScratch, sweepScratch } from '../publish/scratch.ts';
import { Applier } from './applier.ts';
import { Polling } from './polling.ts';
import { receiveFolder } from './receive-folder.ts';
import type { OrderAnswer, ReceiveEvent, ReceiveOrder, ReceiveTask } from './shapes.ts';
import { isDamage } from './state-damage.ts';

const idleMs = 50;
const statusMs = 1_000;
const houseMs = 30_000;

interface Running {
  applier: Applier;
  polling: Polling;
  signal: AbortSignal;
  emit(event: ReceiveEvent): void;
  /** Orders that need the applier's own turn. */
  orders: ReceiveOrder[];
}

export async function runReceive(
  task: ReceiveTask,
  signal: AbortSignal,
  emit: (event: ReceiveEvent) => void,
  listen: (hear: (order: ReceiveOrder) => void) => void,
): Promise<void> {
  const extract = extractFolder(task.dataDirectory, task.source.name);
  await using _lock = await takeLock(receiveFolder(extract).lock, `The events of ${task.source.name}`);
  await sweepScratch(extract.work);
  await using scratch = await createScratch(extract.work);
  const connector = await loadConnector(task.source.type);
  const applier = await Applier.open(task, connector, scratch.directory);
  const context = { source: task.source.name, settings: task.source.settings, secret: secretOf(task), signal };
  const note = (message: string) => emit({ kind: 'note', message });
  const polling = await Polling.open(connector.receive!.poll?.(context) ?? null, applier, note);
  const running: Running = { applier, polling, signal, emit, orders: [] };
  listen((order) => running.orders.push(order));
  try {
    await work(running);
  } catch (thrown) {
    if (isDamage(thrown)) await applier.giveUpDamaged();
    throw thrown;
  } finally {
    await polling.close();
    await applier.close();
  }
}

async function work({ applier, polling, signal, emit, orders }: Running): Promise<void> {
  let nextStatus = 0;
  let nextHouse = Date.now() + houseMs;
  let damage = applier.facts.damage.length;
  while (!signal.aborted) {
    const applied = !(await applier.gathers()) && (await applier.applyNext());
    await publishDue(applier, emit);
    for (const order of orders.splice(0)) await obey(order, { applier, polling, signal, emit, orders });
    if (applier.facts.damage.length > damage) {
      damage = applier.facts.damage.length;
      polling.hurry();
    }
    if (!applied) polling.startDue(signal);
    if (Date.now() >= nextStatus) {
      nextStatus = Date.now() + statusMs;
      emit({ kind: 'status', status: await applier.status() });
    }
    if (!applied && Date.now() >= nextHouse) {
      await keepHouse(applier);
      nextHouse = Date.now() + houseMs;
    }
    if (!applied) await new Promise((resolve) => setTimeout(resolve, idleMs));
  }
  await publishDue(applier, emit, true);
}

/** A source whose lock is held by another is published a little later. */
async function publishDue(applier: Applier, emit: Running['emit'], force = false): Promise<void> {
  try {
    const published = await applier.publishDue(force);
    if (published === null) return;
    const { generation, tables } = published;
    emit({ kind: 'published', generation, tables, visible: applier.facts.visible.pushed });
  } catch (thrown) {
    if (!(thrown instanceof AttacheError) || thrown.code !== 'locked') throw thrown;
  }
}

async function keepHouse(applier: Applier): Promise<void> {
  await applier.compact();
  await applier.sweep();
  await applier.retain();
}

/** Polls run beside the loop and answer later; the rest takes the loop's turn. */
async function obey(order: ReceiveOrder, { applier, polling, signal, emit }: Running): Promise<void> {
  const answer = (value: OrderAnswer) => emit({ kind: 'answer', id: order.id, value });
  const refuse = (thrown: unknown) => emit({ kind: 'refused', id: order.id, error: toErrorRecord(thrown) });
  try {
    if (order.kind === 'flush') {
      while (await applier.applyNext()) signal.throwIfAborted();
      await publishDue(applier, emit, true);
      answer({ generation: applier.facts.generation });
    } else if (order.kind === 'replay') {
      answer(await applier.replay(signal));
      await publishDue(applier, emit, true);
    } else polling.perform(order.kind, signal, order.force).then(answer, refuse);
  } catch (thrown) {
    refuse(thrown);
    if (isDamage(thrown)) throw thrown;
  }
}

function secretOf({ secrets, source }: ReceiveTask): (variable: string) => string {
  return (variable) => {
    const value = secrets[variable];
    if (value !== undefined && value !== '') return value;
    throw new AttacheError('settings_invalid', {
      message: `The source ${source.name} takes a secret from the environment variable ${variable}, which is not set.`,
      hint: `Set ${variable} for the process that runs \`da\`.`,
    });
  };
}

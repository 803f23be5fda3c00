/** A pushed source in a process of its own, which dies and comes back as a test wants it: the door with the process behind it, or that process alone. */
import { type ChildProcess, fork } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { OrderAnswer, OrderKind, ReceiveTask } from '../../src/receive/shapes.ts';
import { headersOf, type PlannedDelivery } from '../doubles/jira-site/index.ts';
import { secrets } from './jira-source.ts';

const script = fileURLToPath(new URL('../receive/hold-pushed.mjs', import.meta.url));

export interface HeldEvent {
  headers: Record<string, string>;
  body: string;
}

/** A delivery as it arrives at the door. */
export function signed({ delivery, identifier }: PlannedDelivery): HeldEvent {
  const headers = headersOf(delivery, secrets.JIRA_SECRET, { identifier });
  return {
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
    body: delivery.body,
  };
}

interface Answer {
  id?: number;
  value?: unknown;
  error?: { code: string; message: string; retryable: boolean };
  note?: string;
}

export class HeldSource {
  /** What the processes said, the reasons of their ends among it. */
  readonly notes: string[] = [];
  private readonly task: ReceiveTask;
  private readonly seconds: number;
  private child: ChildProcess | null = null;
  private waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  private last = 0;

  constructor(task: ReceiveTask, seconds = 60) {
    this.task = task;
    this.seconds = seconds;
  }

  /** Starts the door, and tells how the next process behind it is to end. */
  async start(point: string | null = null): Promise<void> {
    const child = fork(script, [], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], execArgv: [] });
    const waiting: HeldSource['waiting'] = new Map();
    this.child = child;
    this.waiting = waiting;
    child.on('message', (answer: Answer) => {
      if (answer.note !== undefined) this.notes.push(answer.note);
      const asked = answer.id === undefined ? undefined : waiting.get(answer.id);
      if (answer.error === undefined) asked?.resolve(answer.value);
      else asked?.reject(Object.assign(new Error(answer.error.message), answer.error));
    });
    child.on('exit', () => {
      for (const { reject } of waiting.values()) reject(new Error('the process was killed'));
    });
    await this.ask('arm', { point });
    await this.ask('start', { task: this.task });
  }

  /** Resolves once the event is durable; rejects when nobody is left to say so. */
  accept({ headers, body }: HeldEvent): Promise<unknown> {
    return this.ask('accept', { event: { headers, body: Buffer.from(body).toString('base64') } });
  }

  /** Delivers as Jira would; every one has to be taken. */
  async acceptAll(planned: readonly PlannedDelivery[]): Promise<void> {
    await Promise.all(planned.map((one) => this.accept(signed(one))));
  }

  /** The processes behind the door. */
  applierPids(): number[] {
    return childrenOf(this.child!.pid!);
  }

  arm(point: string | null): Promise<unknown> {
    return this.ask('arm', { point });
  }

  quarantined(): Promise<unknown> {
    return this.ask('quarantined', {});
  }

  /** Asks the process behind the door, again while it is on its way up. */
  async order(kind: OrderKind, force = false): Promise<OrderAnswer> {
    const until = Date.now() + this.seconds * 1_000;
    for (;;) {
      try {
        return (await this.ask('order', { kind, force })) as OrderAnswer;
      } catch (thrown) {
        if (Date.now() > until || (thrown as { code?: string }).code !== 'unavailable') throw thrown;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  }

  /** Kills the door, and with it what is behind it. */
  async killAll(): Promise<void> {
    const child = this.child!;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
  }

  /** Kills the process behind the door; the door starts another. */
  killApplier(): void {
    for (const pid of this.applierPids()) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It ended by itself a moment ago.
      }
    }
  }

  async close(): Promise<void> {
    if (this.child?.connected !== true) return;
    await this.ask('close', {}).catch(() => {}); // A source that never started has nothing to close.
    await this.killAll();
  }

  private ask(what: string, rest: object): Promise<unknown> {
    this.last += 1;
    const id = this.last;
    const { child, waiting } = this;
    return new Promise((resolve, reject) => {
      waiting.set(id, { resolve, reject });
      if (child?.connected !== true || child.exitCode !== null || child.signalCode !== null)
        reject(new Error('the process was killed'));
      else child.send({ id, what, ...rest }, (failure) => failure && reject(failure));
    });
  }
}

function childrenOf(pid: number): number[] {
  const folder = `/proc/${pid}/task`;
  if (!existsSync(folder)) return [];
  return readdirSync(folder).flatMap((thread) =>
    readFileSync(`${folder}/${thread}/children`, 'utf8')
      .split(' ')
      .filter((text) => text !== '')
      .map(Number),
  );
}

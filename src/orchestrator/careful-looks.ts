/** Looks at extracts of other programs beside the rebuilds: one may take minutes, and nobody else waits for it. */
import type { ExtractFolder } from '../contract/extract-folder.ts';
import type { Look } from './look.ts';
import { lookAtForeign } from './look-at-foreign.ts';
import { signatureOf } from './scan.ts';
import type { OrchestratorOptions } from './shapes.ts';

export interface SourceLook {
  source: string;
  look: Look;
  signature: string | null;
}

/** Two at a time: one waits for the disk while the other works. */
const parallel = 2;

export class CarefulLooks {
  private readonly options: OrchestratorOptions;
  private readonly waiting: ExtractFolder[] = [];
  private readonly underWay = new Set<string>();
  private ended: SourceLook[] = [];
  private readonly workers = new Set<Promise<void>>();

  constructor(options: OrchestratorOptions) {
    this.options = options;
  }

  /** Sources that have been asked for and not been taken. */
  get sources(): string[] {
    return [...this.underWay, ...this.ended.map(({ source }) => source)].sort();
  }

  /** Begins a look, unless one at the same source is under way; that one notices a change itself. */
  begin(folder: ExtractFolder): void {
    if (this.underWay.has(folder.source)) return;
    this.underWay.add(folder.source);
    this.waiting.push(folder);
    if (this.workers.size >= parallel) return;
    const worker = this.work().finally(() => this.workers.delete(worker));
    this.workers.add(worker);
  }

  /** What has ended since the last call. */
  take(): SourceLook[] {
    const ended = this.ended;
    this.ended = [];
    return ended;
  }

  /** Resolves when no look is under way; throws when they were told to stop. */
  async settled(): Promise<void> {
    while (this.workers.size > 0) await Promise.all(this.workers);
    // What was not looked at to the end is no failure of its source.
    this.options.signal?.throwIfAborted();
  }

  private async work(): Promise<void> {
    for (let folder = this.waiting.shift(); folder !== undefined; folder = this.waiting.shift()) {
      const { source } = folder;
      const look = await lookCarefully(folder, this.options).catch((thrown) => unexpected(source, thrown));
      this.underWay.delete(source);
      if (this.options.signal?.aborted !== true) this.ended.push(look);
    }
  }
}

async function lookCarefully(folder: ExtractFolder, options: OrchestratorOptions): Promise<SourceLook> {
  const { source } = folder;
  const before = await signatureOf(folder, false);
  const look = await lookAtForeign(folder, options);
  if ((await signatureOf(folder, false)) !== before) return { source, look: changedMeanwhile(), signature: null };
  return { source, look, signature: before };
}

/** Whatever else happens to one source, the others go on. */
function unexpected(source: string, thrown: unknown): SourceLook {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  const look: Look = { kind: 'unreadable', failure: { code: 'extract_unreadable', message }, again: true };
  return { source, look, signature: null };
}

function changedMeanwhile(): Look {
  return {
    kind: 'unreadable',
    failure: {
      code: 'changed_while_read',
      message: 'The extract was written to while it was read; the next rebuild reads it again.',
    },
    again: true,
  };
}

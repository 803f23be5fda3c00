/** Small facts that outlive the process: what polling has seen, how far a backfill came. */
import { readFile, writeFile } from 'node:fs/promises';
import { renameDurably, syncFile } from '../files/durable.ts';

export class MemoryFile {
  private readonly path: string;
  private readonly facts: Record<string, unknown>;

  private constructor(path: string, facts: Record<string, unknown>) {
    this.path = path;
    this.facts = facts;
  }

  /** A lost or damaged file means that polling looks at more than it had to. */
  static async open(path: string): Promise<MemoryFile> {
    const facts = await readFile(path, 'utf8')
      .then((text) => JSON.parse(text) as Record<string, unknown>)
      .catch(() => ({}));
    return new MemoryFile(path, facts);
  }

  recall(name: string): unknown {
    return this.facts[name];
  }

  async remember(name: string, value: unknown): Promise<void> {
    if (value === undefined) delete this.facts[name];
    else this.facts[name] = value;
    const draft = `${this.path}.draft`;
    await writeFile(draft, JSON.stringify(this.facts));
    await syncFile(draft);
    await renameDurably(draft, this.path);
  }
}

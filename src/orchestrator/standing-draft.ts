/**
 * The draft of the next master. Opening a master of a thousand tables and closing it take longer than what one change needs, so after a change it stays open for a
 * moment: pushed sources publish every second or two.
 */
import type { DataFolder } from './data-folder.ts';
import { MasterDraft } from './master-draft.ts';
import type { OrchestratorOptions } from './shapes.ts';

export class StandingDraft {
  private readonly folder: DataFolder;
  private readonly options: OrchestratorOptions;
  private draft: Promise<MasterDraft | null> | null = null;
  /** The signature of the master it is a copy of; null when it began empty. */
  private copied: string | null = null;
  /** Set while it stands and no rebuild has it. */
  private timer: NodeJS.Timeout | null = null;
  private retired = false;

  constructor(folder: DataFolder, options: OrchestratorOptions) {
    this.folder = folder;
    this.options = options;
  }

  /** Begins to open a copy of the master with this signature, unless one stands. */
  ahead(master: string | null): void {
    this.take();
    if (this.draft !== null && this.copied !== null && this.copied === master) return;
    this.begin(this.folder.master, master);
  }

  /** The copy that was begun, or else is begun now; null when the master cannot be copied. */
  async copy(master: string | null): Promise<MasterDraft | null> {
    this.ahead(master);
    return this.draft;
  }

  /** A draft without views. */
  async empty(): Promise<MasterDraft> {
    this.begin(null, null);
    return (await this.draft) as MasterDraft;
  }

  /** After a rebuild: what became, or still is, the master with this signature stands for a while. */
  async settle(master: string | null): Promise<void> {
    const { draftMs = 0 } = this.options;
    // One that made every view holds what that took, and the next change is far away.
    if (draftMs === 0 || this.retired || this.copied === null || master === null) return this.discard();
    this.copied = master;
    this.take();
    // Nobody waits for it; what cannot be removed now goes with the scratch of a dead process.
    this.timer = setTimeout(() => this.discard().catch(() => {}), draftMs).unref();
  }

  /** From now on nothing stands; what a rebuild has goes with it. */
  async retire(): Promise<void> {
    this.retired = true;
    if (this.timer !== null) await this.discard();
  }

  async discard(): Promise<void> {
    this.take();
    const draft = this.draft;
    this.draft = null;
    this.copied = null;
    await (await draft)?.close();
  }

  private take(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
  }

  private begin(from: string | null, signature: string | null): void {
    const before = this.discard();
    this.copied = signature;
    const opening = before.then(() => MasterDraft.open(this.folder.work, from, this.options));
    this.draft = from === null ? opening : opening.catch(() => null);
    // Whoever takes it hears of the failure.
    this.draft.catch(() => {});
  }
}

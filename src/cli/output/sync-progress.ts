/** Life signs of a running sync on stderr: a plan first, then a redrawn line on a terminal, or a plain line every few seconds elsewhere. */
import type { SyncEvent } from '../../workspace/shapes.ts';
import { printable } from '../printable.ts';
import type { Terminal } from '../terminal.ts';
import { humanSize, plural } from './units.ts';

const redrawMs = 100;
const plainLineMs = 3_000;

export class SyncProgress {
  private readonly terminal: Terminal;
  private readonly started = Date.now();
  private lastDrawn = Date.now();
  private planned = 0;
  private readonly bytes = new Map<string, number>();
  private drawn = false;

  constructor(terminal: Terminal) {
    this.terminal = terminal;
  }

  show(event: SyncEvent): void {
    if (event.kind === 'planned') this.plan(event);
    else if (event.kind === 'table_bytes') this.advance(event.table, event.bytes);
    else if (event.kind === 'table_failed')
      this.line(`${this.terminal.paint('red', 'failed')} ${printable(event.table)}: ${printable(event.message)}`);
    else if (event.kind === 'note') this.line(event.message);
  }

  /** Takes the redrawn line away. */
  end(): void {
    if (this.drawn) process.stderr.write('\r\u001b[K');
    this.drawn = false;
  }

  private plan({ tables, changed, bytes, reused_bytes, removed }: Extract<SyncEvent, { kind: 'planned' }>): void {
    this.planned = bytes;
    this.bytes.clear();
    const reuse = reused_bytes > 0 ? `, ${humanSize(reused_bytes)} already here` : '';
    const gone = removed > 0 ? `, ${plural(removed, 'table')} to remove` : '';
    this.line(`${plural(tables, 'table')}, ${changed} to renew: ${humanSize(bytes)} to fetch${reuse}${gone}`);
  }

  private advance(table: string, bytes: number): void {
    this.bytes.set(table, bytes);
    const now = Date.now();
    if (this.terminal.quiet || now - this.lastDrawn < (this.terminal.animated ? redrawMs : plainLineMs)) return;
    this.lastDrawn = now;
    const text = this.state(now);
    if (this.terminal.animated) {
      process.stderr.write(`\r\u001b[K${text}`);
      this.drawn = true;
    } else this.terminal.say(text);
  }

  private state(now: number): string {
    const done = [...this.bytes.values()].reduce((sum, bytes) => sum + bytes, 0);
    const rate = done / Math.max(1, now - this.started);
    const left = rate > 0 ? Math.ceil(Math.max(0, this.planned - done) / rate / 1000) : 0;
    return `fetched ${humanSize(done)} of ${humanSize(this.planned)}, ${humanSize(rate * 1000)}/s, about ${left} s left`;
  }

  private line(text: string): void {
    this.end();
    this.terminal.say(text);
  }
}

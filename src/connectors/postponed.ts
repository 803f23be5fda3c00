/** Says that a source is not ready: nothing is wrong, old data stays, the next run tries again. */

/** Thrown while a source is opened or a table is read; the message is the reason, for people. */
export class Postponed extends Error {
  constructor(reason: string, options?: ErrorOptions) {
    super(reason, options);
    this.name = 'Postponed';
  }
}

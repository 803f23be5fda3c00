/** Says that a plan cannot be carried out and that another one can: the table is planned and read once more. */

/** Thrown while a piece is read, by a connector that will plan the table otherwise when it is asked again. */
export class PlanAgain extends Error {
  constructor(reason: string, options?: ErrorOptions) {
    super(reason, options);
    this.name = 'PlanAgain';
  }
}

/** The public door of the double. */
export * as faults from './faults/catalogue.ts';
export * as cloudFaults from './faults/cloud-catalogue.ts';
export type { Fault } from './faults/rules.ts';
export { type KeboolaStorage, type StartOptions, startKeboolaStorage } from './start.ts';

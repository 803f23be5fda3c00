/** The public door of the double. */
export type { AzurePeer } from './clouds/azure-shared-key.ts';
export * as faults from './faults/catalogue.ts';
export * as cloudFaults from './faults/cloud-catalogue.ts';
export type { Fault, When } from './faults/rules.ts';
export type { JournalEntry, RouteName } from './journal.ts';
export type { Settings } from './settings.ts';
export { type KeboolaStorage, type StartOptions, startKeboolaStorage } from './start.ts';
export type { Violation } from './violations.ts';

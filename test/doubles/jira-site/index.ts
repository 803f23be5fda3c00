/** The test double of a Jira site: see README.md in this folder. */

export { eventNames } from './bodies/event-names.ts';

export type { Delivery } from './delivery/delivery.ts';
export { type DeliveryPlan, type PlannedDelivery, planDeliveries } from './delivery/plan.ts';
export { createSender } from './delivery/sender.ts';
export { headersOf, signBody } from './delivery/sign.ts';
export { applyHistory, historyKinds, randomHistory } from './history/history.ts';
export type { SiteOptions } from './options.ts';
export type { Row } from './oracle/row.ts';
export { lookedUpColumns, restOnly, type TableName, tableKeys } from './oracle/tables.ts';
export { type Fault, faults } from './rest/faults.ts';
export type { JiraSite } from './site.ts';
export { type RunningJiraSite, startJiraSite } from './start.ts';

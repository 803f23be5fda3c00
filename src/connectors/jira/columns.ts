/** Columns as the tables of Jira list them: many of one type, and a person as three. */
import type { ReceivedColumn } from '../receive-way.ts';

export const text = (...names: string[]): ReceivedColumn[] => names.map((name) => ({ name, type: 'VARCHAR' }));
export const times = (...names: string[]): ReceivedColumn[] => names.map((name) => ({ name, type: 'TIMESTAMP' }));
export const counts = (...names: string[]): ReceivedColumn[] => names.map((name) => ({ name, type: 'BIGINT' }));
export const person = (role: string) => text(`${role}_account_id`, `${role}_name`, `${role}_email`);

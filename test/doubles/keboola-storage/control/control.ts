/** The test's hand on the service. */
import type { Clock } from '../clock.ts';
import type { Fault, When } from '../faults/rules.ts';
import type { JournalEntry, RouteName } from '../journal.ts';
import type { Service } from '../service.ts';
import type { Settings } from '../settings.ts';
import type { Violation } from '../violations.ts';
import { ProjectControl } from './project-control.ts';

export class Control {
  readonly #service: Service;
  readonly project: ProjectControl;
  readonly otherProject: ProjectControl;

  constructor(service: Service) {
    this.#service = service;
    this.project = new ProjectControl(service, service.projects[0]!);
    this.otherProject = new ProjectControl(service, service.projects[1]!);
  }

  get clock(): Clock {
    return this.#service.clock;
  }

  /** May be changed at any time; an export takes the settings of its moment. */
  get settings(): Settings {
    return this.#service.settings;
  }

  get journal(): JournalEntry[] {
    return this.#service.journal.entries;
  }

  calls(route: RouteName): JournalEntry[] {
    return this.#service.journal.calls(route);
  }

  get violations(): Violation[] {
    return this.#service.violations.list;
  }

  /** Hands the violations over and forgets them, so that `stop()` does not throw. */
  acknowledgeViolations(): Violation[] {
    return this.#service.violations.acknowledge();
  }

  /** Lets calls of these routes go wrong: by default the next one, once. */
  fail(routes: RouteName | RouteName[] | '*', fault: Fault, when: When = {}): void {
    this.#service.faults.add(routes, fault, when);
  }

  heal(): void {
    this.#service.faults.clear();
  }

  /** Ends the life of all cloud credentials handed out so far. */
  expireCredentials(): void {
    this.#service.credentials.expireAll();
  }

  /** Ends the life of all export files, as the service does after some days. */
  expireFiles(): void {
    for (const file of this.#service.files) file.expiresMs = this.#service.clock.now();
  }

  /** The time the clouds date signatures by runs ahead of (or behind) the client's. */
  skewClouds(ms: number): void {
    this.#service.cloudSkewMs = ms;
  }
}

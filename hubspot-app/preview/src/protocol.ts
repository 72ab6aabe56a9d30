/** What passes between the page and the worker in which an extension runs. */

export interface PageLocation {
  path: string;
  params: Record<string, string>;
}

export interface ExtensionContext {
  location: string;
  user: Record<string, unknown>;
  portal: { id: number; timezone: string };
  variables: Record<string, string>;
  extension: { appId: number; appName: string; cardTitle: string };
  crm?: { objectId: number; objectTypeId: string };
}

export interface ExtensionState {
  context: ExtensionContext;
  pageLocation: PageLocation;
}

export type Properties = Record<string, string | null>;

/** Functions of the page that the worker's globals need. */
export interface HostApi {
  log(level: LogLevel, text: string): void;
  crashed(message: string, stack: string): void;
  properties(names: string[]): Promise<Properties>;
  /** Told when the extension waits for no answer any more, with the page that it shows; null when it asks. */
  rests(at: PageLocation | null): void;
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export type HostActions = Record<string, (...args: never[]) => unknown>;

/** Functions of the worker that the page calls. */
export interface WorkerApi {
  mount(
    channel: (...args: never[]) => unknown,
    bundle: string,
    state: ExtensionState,
    components: string[],
    host: HostApi,
    actions: HostActions,
  ): Promise<void>;
  update(patch: Partial<ExtensionState>): void;
}

/** The proxy's route on the preview server, and who calls. */
export const FETCH_ROUTE = '/preview/fetch';

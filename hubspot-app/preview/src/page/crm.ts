import { useEffect, useState } from 'react';

export interface User {
  id: number;
  email: string;
  firstName: string;
  lastName: string;
}

export interface Portal {
  id: number;
  name: string;
  timezone: string;
  installed: boolean;
  contacts: number;
  companies: number;
  users: User[];
}

export interface World {
  app: { id: number; name: string };
  variables: Record<string, string>;
  /** Lumo's own pages, the HubSpot sandbox and the LINE sandbox. */
  front: string;
  sandbox: string;
  line: string;
  /** Origins whose pictures the LINE sandbox has. */
  pictures: string[];
  portals: Portal[];
}

export interface Name {
  id: number;
  name: string;
  note: string;
}

export interface RecordView extends Name {
  /** The id that was asked for: that of a merged record leads to another. */
  asked: number;
  fields: { name: string; label: string; value: string; type: string }[];
  values: Record<string, string>;
  linked: Name[];
}

export type ObjectName = 'contacts' | 'companies';
export const TYPE_IDS: Record<ObjectName, string> = { contacts: '0-1', companies: '0-2' };

async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  const res = await fetch(`/preview/${path}`, { signal });
  const body = await res.json();
  if (!res.ok) throw new Error(body.message);
  return body as T;
}

export interface Loaded<T> {
  data?: T;
  error?: string;
}

/** What a path of the preview server answers; a new path keeps the old answer on the screen until the new one is there. */
export function useGet<T>(path: string | null, version = 0): Loaded<T> {
  const [state, setState] = useState<Loaded<T>>({});
  useEffect(() => {
    if (path === null) return undefined;
    const stop = new AbortController();
    get<T>(path, stop.signal).then(
      (data) => setState({ data }),
      (e: Error) => stop.signal.aborted || setState({ error: e.message }),
    );
    return () => stop.abort();
  }, [path, version]);
  return state;
}

export const recordPath = (portal: number, object: ObjectName, id: number) => `${portal}/${object}/${id}`;
export const loadRecord = (portal: number, object: ObjectName, id: number) =>
  get<RecordView>(`records/${recordPath(portal, object, id)}`);

/** A page of the app. */
export interface Target {
  path: string;
  params: Record<string, string>;
}

/** Where navigateToPage and page links lead; `:name` in `to` is filled from params, the others stay params. */
export function resolve(to: string, params: Record<string, string> = {}): Target {
  const rest = { ...params };
  const path = to.replace(/:(\w+)/g, (whole, name: string) => {
    const value = rest[name];
    delete rest[name];
    return value === undefined ? whole : encodeURIComponent(value);
  });
  return { path: path.startsWith('/') ? path : `/${path}`, params: rest };
}

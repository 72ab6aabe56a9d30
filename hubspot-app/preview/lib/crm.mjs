/**
 * The account, its people and records as HubSpot's pages around an extension show them, read from the HubSpot sandbox. A real HubSpot has
 * no such interface, so everything is empty there.
 *
 * @typedef {{ id: number, email: string, firstName: string, lastName: string }} User
 * @typedef {{ id: number, name: string, timezone: string, installed: boolean, contacts: number, companies: number, users: User[] }} Portal
 * @typedef {{ id: number, name: string, note: string }} Name
 * @typedef {{ name: string, label: string, value: string, type: string }} Field
 * @typedef {{ id: number, asked: number, name: string, note: string, fields: Field[], values: Record<string, string>, linked: Name[] }} RecordView
 */

/** What a record's side panel shows first. */
const USUAL = {
  contacts: ['email', 'phone', 'lifecyclestage', 'jobtitle', 'city'],
  companies: ['domain', 'phone', 'industry', 'city', 'numberofemployees'],
};

/** @typedef {keyof typeof USUAL} ObjectName */

export class Crm {
  /** @param {string} sandbox @param {typeof fetch} [send] */
  constructor(sandbox, send = fetch) {
    this.sandbox = sandbox;
    this.send = send;
  }

  /** @template T @param {string} path @param {T} otherwise @returns {Promise<T>} */
  async #get(path, otherwise) {
    const res = await this.send(`${this.sandbox}/_sandbox/${path}`);
    if (res.status === 404) return otherwise;
    if (!res.ok) throw new Error(`the HubSpot sandbox answered ${res.status}`);
    return /** @type {T} */ (await res.json());
  }

  /** @returns {Promise<Portal[]>} */
  async portals() {
    const { portals } = await this.#get('portals', { portals: /** @type {any[]} */ ([]) });
    return portals.map((p) => ({
      id: p.id,
      name: p.options.name || String(p.id),
      timezone: p.options.timeZone || 'Asia/Tokyo',
      installed: p.installed,
      contacts: p.contacts ?? 0,
      companies: p.companies ?? 0,
      users: p.users,
    }));
  }

  /** @param {number} portal @param {ObjectName} object @param {string} query @returns {Promise<Name[]>} */
  names(portal, object, query) {
    const q = new URLSearchParams({ q: query, has: 'line_user_id' });
    return this.#get(`portals/${portal}/names/${object}?${q}`, /** @type {Name[]} */ ([]));
  }

  /** @param {number} portal @param {ObjectName} object @param {number} id @returns {Promise<RecordView | null>} */
  async record(portal, object, id) {
    const [record, definitions] = await Promise.all([
      this.#get(`portals/${portal}/records/${object}/${id}`, /** @type {any} */ (null)),
      this.#get(`portals/${portal}/properties/${object}`, /** @type {any[]} */ ([])),
    ]);
    if (!record || record.archived) return null;
    /** @type {Record<string, string>} */
    const values = record.values;
    const person = [values.firstname, values.lastname].filter(Boolean).join(' ');
    const name = (object === 'contacts' ? person : values.name) || values.email || values.domain || String(id);
    const own = definitions.filter((d) => d.name.startsWith('line') || d.groupName === 'lumo').map((d) => d.name);
    const fields = [...USUAL[object], ...own].flatMap((property) => {
      const definition = definitions.find((d) => d.name === property);
      const value = values[property] ?? '';
      const label = definition?.options?.find((/** @type {any} */ o) => o.value === value)?.label;
      return definition
        ? [{ name: property, label: definition.label, value: label ?? value, type: definition.type }]
        : [];
    });
    const other = object === 'contacts' ? 'companies' : 'contacts';
    const linked = await Promise.all(
      (record.linked ?? []).slice(0, 5).map((/** @type {number} */ n) => this.#name(portal, other, n)),
    );
    return { id: record.id, asked: id, name, note: values.email || values.domain || '', fields, values, linked };
  }

  /** @param {number} portal @param {ObjectName} object @param {number} id @returns {Promise<Name>} */
  async #name(portal, object, id) {
    const record = await this.#get(`portals/${portal}/records/${object}/${id}`, /** @type {any} */ (null));
    const v = record?.values ?? {};
    const name = v.name || [v.firstname, v.lastname].filter(Boolean).join(' ') || v.email || String(id);
    return { id, name, note: v.domain || v.email || '' };
  }
}

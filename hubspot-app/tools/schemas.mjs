// What HubSpot's documentation and templates say about the `config` of each kind of metafile. HubSpot serves its own schemas only to a
// logged-in CLI, so these can be stricter or looser: before an upload, `hs project validate` has the last word.
const text = { type: 'string', minLength: 1 };
const closed = (properties, required = Object.keys(properties)) => ({
  type: 'object',
  additionalProperties: false,
  properties,
  required,
});
const list = (items, more = {}) => ({ type: 'array', items, uniqueItems: true, ...more });

/** https, no localhost, no path: the proxy compares origins. */
const origin = { type: 'string', pattern: '^https://(?!localhost|127\\.)[A-Za-z0-9.-]+(:\\d+)?$' };
const https = { type: 'string', pattern: '^https://(?!localhost|127\\.)[^/ ]+(/[^ ]*)?$' };
const entrypoint = (dir) => ({ type: 'string', pattern: `^/app/${dir}/[A-Za-z0-9]+\\.(tsx|jsx)$` });
const event = {
  type: 'object',
  required: ['subscriptionType', 'active'],
  additionalProperties: false,
  properties: { subscriptionType: text, objectType: text, propertyName: text, active: { type: 'boolean' } },
};

export const schemas = {
  APPLICATION: closed(
    {
      name: { type: 'string', minLength: 1, maxLength: 200, pattern: '^\\S(.*\\S)?$' },
      description: { type: 'string', minLength: 1, maxLength: 8192 },
      logo: { type: 'string', pattern: '\\.(png|jpe?g|gif|bmp)$' },
      distribution: { enum: ['private', 'marketplace'] },
      auth: closed({
        type: { const: 'oauth' },
        redirectUrls: list(https, { minItems: 1 }),
        requiredScopes: list(text, { contains: { const: 'oauth' } }),
        optionalScopes: list(text),
        conditionallyRequiredScopes: list(text),
      }),
      permittedUrls: closed({ fetch: list(origin, { minItems: 1 }), iframe: list(https), img: list(https) }),
      support: closed(
        {
          supportEmail: { type: 'string', pattern: '^[^@ ]+@[^@ ]+$' },
          documentationUrl: https,
          supportUrl: https,
          supportPhone: { type: 'string', pattern: '^\\+\\d' },
        },
        [],
      ),
    },
    ['name', 'description', 'distribution', 'auth', 'permittedUrls'],
  ),
  CARD: closed(
    {
      name: text,
      description: text,
      location: { enum: ['crm.record.tab', 'crm.record.sidebar', 'crm.preview', 'helpdesk.sidebar'] },
      entrypoint: entrypoint('cards'),
      objectTypes: list({ enum: ['contacts', 'companies'] }, { minItems: 1 }),
      previewImage: closed({ file: text, altText: text }),
    },
    ['name', 'location', 'entrypoint', 'objectTypes'],
  ),
  PAGE: closed({ entrypoint: entrypoint('pages') }),
  SETTINGS: closed({ entrypoint: entrypoint('settings') }),
  WEBHOOKS: closed({
    settings: closed({ targetUrl: https, maxConcurrentRequests: { type: 'integer', minimum: 1, maximum: 100 } }),
    subscriptions: closed({ crmObjects: list(event), legacyCrmObjects: list(event), hubEvents: list(event) }, []),
  }),
};

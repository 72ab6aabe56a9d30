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

const option = { type: 'object', required: ['value', 'label'], properties: { value: text, label: text } };
/** A field of a workflow action; its options are fixed or fetched. */
const definition = closed(
  {
    name: { type: 'string', pattern: '^[a-z][a-z0-9_]*$' },
    type: { enum: ['string', 'number', 'bool', 'date', 'datetime', 'enumeration', 'phone_number', 'json'] },
    fieldType: {
      enum: [
        'text',
        'textarea',
        'html',
        'number',
        'phonenumber',
        'select',
        'radio',
        'checkbox',
        'booleancheckbox',
        'date',
      ],
    },
    options: list(option, { minItems: 1 }),
    optionsUrl: https,
  },
  ['name', 'type', 'fieldType'],
);
const words = { type: 'object', additionalProperties: text };
const labels = closed(
  {
    actionName: text,
    actionDescription: text,
    actionCardContent: text,
    appDisplayName: text,
    inputFieldLabels: words,
    inputFieldDescriptions: words,
    inputFieldOptionLabels: { type: 'object', additionalProperties: words },
    outputFieldLabels: words,
    executionRules: words,
  },
  ['actionName', 'inputFieldLabels', 'inputFieldDescriptions', 'outputFieldLabels', 'executionRules'],
);

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
  WORKFLOW_ACTION: closed({
    actionUrl: https,
    isPublished: { type: 'boolean' },
    supportedClients: list(closed({ client: { const: 'WORKFLOWS' } }), { minItems: 1 }),
    objectTypes: list({ enum: ['CONTACT', 'COMPANY'] }),
    inputFields: list(
      closed({
        typeDefinition: definition,
        supportedValueTypes: list({ enum: ['STATIC_VALUE', 'OBJECT_PROPERTY'] }, { minItems: 1 }),
        isRequired: { type: 'boolean' },
      }),
    ),
    inputFieldDependencies: list(
      closed({
        dependencyType: { const: 'SINGLE_FIELD' },
        controllingFieldName: text,
        dependentFieldNames: list(text, { minItems: 1 }),
      }),
    ),
    objectRequestOptions: closed({ properties: list(text) }),
    outputFields: list(closed({ typeDefinition: definition })),
    executionRules: list(closed({ labelName: text, conditions: { type: 'object', minProperties: 1 } })),
    labels: closed({ en: labels, ja: labels }),
  }),
  // Only apps that HubSpot approved may have these (docs/workflows.md).
  APP_EVENT: closed({
    name: text,
    objectType: { const: 'CONTACT' },
    headerTemplate: text,
    detailTemplate: text,
    properties: list(
      closed({ name: { type: 'string', pattern: '^[a-z][a-z0-9_]*$' }, label: text, type: { const: 'string' } }),
    ),
  }),
  WEBHOOKS: closed({
    settings: closed({ targetUrl: https, maxConcurrentRequests: { type: 'integer', minimum: 1, maximum: 100 } }),
    subscriptions: closed({ crmObjects: list(event), legacyCrmObjects: list(event), hubEvents: list(event) }, []),
  }),
};

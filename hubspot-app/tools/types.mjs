// Writes the TypeScript types of the API from docs/openapi/app-api.yaml: `npm run types`. A test compares the file with the document.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import yaml from 'js-yaml';
import * as prettier from 'prettier';

const project = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
export const DOCUMENT = path.join(project, '../docs/openapi/app-api.yaml');
export const TYPES = path.join(project, 'src/app/packages/screens/src/api/types.ts');

const nameOf = (ref) => ref.split('/').at(-1);
const key = (name) => (/^[A-Za-z_]\w*$/.test(name) ? name : JSON.stringify(name));
const comment = (schema) => (schema?.description ? `/** ${schema.description.trim().replaceAll('\n', ' ')} */\n` : '');

function typeOf(schema) {
  const orNull = schema.nullable ? ' | null' : '';
  if (schema.$ref) return nameOf(schema.$ref) + orNull;
  if (schema.allOf) return schema.allOf.map(typeOf).join(' & ') + orNull;
  if (schema.enum) {
    const values = schema.enum.map((value) => JSON.stringify(value));
    return [...new Set(schema.nullable ? [...values, 'null'] : values)].join(' | ');
  }
  switch (schema.type) {
    case 'integer':
    case 'number':
      return 'number' + orNull;
    case 'string':
    case 'boolean':
      return schema.type + orNull;
    case 'array':
      return `${/ \| /.test(typeOf(schema.items)) ? `(${typeOf(schema.items)})` : typeOf(schema.items)}[]` + orNull;
    case 'object':
      return objectType(schema) + orNull;
  }
  throw new Error(`no type for ${JSON.stringify(schema)}`);
}

function objectType(schema) {
  if (typeof schema.additionalProperties === 'object') return `Record<string, ${typeOf(schema.additionalProperties)}>`;
  if (!schema.properties) return 'Record<string, unknown>';
  const rows = Object.entries(schema.properties).map(
    ([name, property]) =>
      `${comment(property)}${key(name)}${schema.required?.includes(name) ? '' : '?'}: ${typeOf(property)};`,
  );
  return `{\n${rows.join('\n')}\n}`;
}

function routesOf(document) {
  const parameterOf = (parameter) =>
    parameter.$ref ? document.components.parameters[nameOf(parameter.$ref)] : parameter;
  const rows = [];
  for (const [route, item] of Object.entries(document.paths)) {
    for (const method of ['get', 'post', 'put', 'patch', 'delete']) {
      const operation = item[method];
      if (!operation) continue;
      const parameters = [...(item.parameters ?? []), ...(operation.parameters ?? [])].map(parameterOf);
      const named = (place) =>
        parameters
          .filter((parameter) => parameter.in === place)
          .map((parameter) => `${key(parameter.name)}${parameter.required ? '' : '?'}: ${typeOf(parameter.schema)}`);
      const envelope = operation.responses['200'].content['application/json'].schema.oneOf[0];
      const parts = [`answer: ${typeOf(envelope.properties.data)}`];
      if (named('path').length) parts.push(`path: { ${named('path').join('; ')} }`);
      if (named('query').length) parts.push(`query: { ${named('query').join('; ')} }`);
      const body = operation.requestBody?.content['application/json'].schema;
      if (body) parts.push(`body: ${typeOf(body)}`);
      rows.push(`/** ${operation.summary} */\n'${method.toUpperCase()} ${route}': { ${parts.join('; ')} };`);
    }
  }
  return rows.join('\n');
}

/** The types of a document, before they are made pretty. */
export function sourceOf(text) {
  const document = yaml.load(text);
  const schemas = Object.entries(document.components.schemas).map(([name, schema]) =>
    schema.type === 'object' && typeof schema.additionalProperties !== 'object'
      ? `${comment(schema)}export interface ${name} ${objectType(schema)}`
      : `${comment(schema)}export type ${name} = ${typeOf(schema)};`,
  );
  return [
    '// Written by tools/types.mjs from docs/openapi/app-api.yaml; change that and run `npm run types`.',
    ...schemas,
    `/** What each route takes and answers. */\nexport interface Routes {\n${routesOf(document)}\n}`,
  ].join('\n\n');
}

/** The text of the file of types. */
export async function typesOf(text) {
  const options = await prettier.resolveConfig(TYPES);
  return prettier.format(sourceOf(text), { ...options, parser: 'typescript' });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  fs.writeFileSync(TYPES, await typesOf(fs.readFileSync(DOCUMENT, 'utf8')));
}

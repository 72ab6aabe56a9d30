// Reads the project as HubSpot would: HubSpot's own parser over all metafiles, our schemas (schemas.mjs), and then what no parser can
// know: that scopes, addresses and entry points agree with the Go code and template.yaml.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { http } from '@hubspot/local-dev-lib/http';
import { isTranslationError, translate } from '@hubspot/project-parsing-lib/translate';
import yaml from 'js-yaml';
import { schemas } from './schemas.mjs';

const project = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

// The parser asks HubSpot for schemas; these are ours.
http.get = async () => ({ data: schemas });

/** Checks a project against the repository it belongs to. Answers the components, and what is wrong. */
export async function validate(dir = project, repository = path.join(project, '..')) {
  const work = fs.mkdtempSync(path.join(os.tmpdir(), 'lumo-validate-'));
  try {
    return await check(dir, work, repository);
  } finally {
    fs.rmSync(work, { recursive: true });
  }
}

async function check(dir, work, repository) {
  const { srcDir, platformVersion } = readJSON(path.join(dir, 'hsproject.json'));
  const profile = readJSON(path.join(dir, 'hsprofile.example.json'));
  const src = path.join(dir, srcDir);
  // A copy, because a profile under src counts as a real one.
  const copy = path.join(work, srcDir);
  fs.cpSync(src, copy, { recursive: true, filter: (file) => !file.includes('node_modules') });
  fs.writeFileSync(path.join(copy, 'hsprofile.example.json'), JSON.stringify(profile));

  let parsed;
  try {
    parsed = await translate(
      { projectSourceDir: copy, platformVersion, accountId: profile.accountId },
      { skipValidation: false, profile: 'example' },
    );
  } catch (error) {
    return { components: [], faults: [isTranslationError(error) ? error.toString() : String(error)] };
  }
  const components = Object.values(parsed.intermediateRepresentation.intermediateNodesIndexedByUid);
  const faults = [
    ...(parsed.skippedHsMetaFiles ?? []).map(
      (file) => `${file}: not directly in the folder of its type, so HubSpot skips it`,
    ),
    ...entryFaults(components, src),
    ...appFaults(components, profile.variables.API_ORIGIN, src, repository),
    ...cardFaults(components),
    ...actionFaults(components, profile.variables.API_ORIGIN, repository),
    ...routeFaults(components, profile.variables.API_ORIGIN, repository),
    ...packageFaults(src),
  ];
  return { components, faults };
}

const readJSON = (file) => JSON.parse(fs.readFileSync(file, 'utf8'));
const ofType = (components, type) => components.filter(({ componentType }) => componentType === type);

/** Entry points exist, and bear different names: HubSpot's dev server writes all bundles into one folder. */
function entryFaults(components, src) {
  const faults = [];
  const seen = new Map();
  for (const { uid, config } of components) {
    if (!config.entrypoint) continue;
    if (!fs.existsSync(path.join(src, config.entrypoint))) faults.push(`${uid}: no file ${config.entrypoint}`);
    const name = path.basename(config.entrypoint);
    if ((seen.get(name) ?? config.entrypoint) !== config.entrypoint)
      faults.push(`${uid}: there are two entry points named ${name}`);
    seen.set(name, config.entrypoint);
  }
  return faults;
}

/** Scopes and addresses are those of the Go code. */
function appFaults(components, apiOrigin, src, repository) {
  const [app] = ofType(components, 'APPLICATION');
  if (!app) return ['there is no app component'];
  const { auth, permittedUrls, logo } = app.config;
  const faults = [];
  const install = fs.readFileSync(path.join(repository, 'shared/portal/install.go'), 'utf8');
  for (const [key, name] of [
    ['requiredScopes', 'RequiredScopes'],
    ['optionalScopes', 'OptionalScopes'],
  ]) {
    // With app events comes their scope (compose.OptionalScopes).
    const more = key === 'optionalScopes' && ofType(components, 'APP_EVENT').length > 0 ? ['timeline'] : [];
    const want = [...goStrings(install, name), ...more].sort().join(' ');
    const have = [...auth[key]].sort().join(' ');
    if (have !== want)
      faults.push(`${app.uid}: ${key} are [${have}], portal.${name} in shared/portal/install.go are [${want}]`);
  }
  const callback = /PublicURL \+ "([^"]+)"/.exec(
    fs.readFileSync(path.join(repository, 'functions/oauth/handle/install.go'), 'utf8'),
  )?.[1];
  if (!auth.redirectUrls.includes(apiOrigin + callback))
    faults.push(`${app.uid}: redirectUrls lack \${API_ORIGIN}${callback}, where functions/oauth listens`);
  if (permittedUrls.fetch.join() !== apiOrigin)
    faults.push(`${app.uid}: permittedUrls.fetch must be \${API_ORIGIN} alone, which is all that the screens call`);
  if (logo && !fs.existsSync(path.join(src, 'app', logo))) faults.push(`${app.uid}: no file ${logo}`);
  return faults;
}

/** The strings of `var name = []string{...}`; none for a bare declaration. */
function goStrings(source, name) {
  const list = new RegExp(`var ${name} = \\[\\]string\\{([^}]*)\\}`).exec(source)?.[1];
  if (list === undefined && !new RegExp(`var ${name} \\[\\]string\\n`).test(source))
    throw new Error(`shared/portal/install.go declares no ${name}`);
  return [...(list ?? '').matchAll(/"([^"]+)"/g)].map((hit) => hit[1]);
}

/** A card on an object needs the scope to read it. */
function cardFaults(components) {
  const scopes = ofType(components, 'APPLICATION').flatMap(({ config }) => config.auth.requiredScopes);
  return ofType(components, 'CARD').flatMap(({ uid, config }) =>
    config.objectTypes
      .map((object) => `crm.objects.${object}.read`)
      .filter((scope) => !scopes.includes(scope))
      .map((scope) => `${uid}: requiredScopes lack ${scope}`),
  );
}

/** Fields, outputs, conditions and words of a workflow action agree with each other and with package workflow. */
function actionFaults(components, apiOrigin, repository) {
  const read = (file) => fs.readFileSync(path.join(repository, 'shared/workflow', file), 'utf8');
  const values = (source, pattern) => [...source.matchAll(pattern)].map((hit) => hit[1]);
  const go = read('call.go');
  const actions = values(go, /Action = "([a-z-]+)"/g);
  const inputs = values(go, /Input\w+ += "([a-z_]+)"/g);
  const statuses = values(read('execution.go'), /Status = "([a-z_]+)"/g);
  const reasons = values(read('execution.go'), /Reason\w+ += "([A-Z_]+)"/g);
  const scopes = ofType(components, 'APPLICATION').flatMap(({ config }) => [
    ...config.auth.requiredScopes,
    ...config.auth.optionalScopes,
  ]);
  const found = ofType(components, 'WORKFLOW_ACTION');
  const faults = actions
    .filter((action) => !found.some(({ config }) => config.actionUrl === `${apiOrigin}/hubspot/actions/${action}`))
    .map((action) => `no workflow action calls ${action}, which package workflow does`);
  for (const { uid, config } of found) {
    const fault = (text) => faults.push(`${uid}: ${text}`);
    if (!scopes.includes('automation'))
      fault('the app lacks the scope automation, without which nobody can be answered');
    const fields = config.inputFields.map(({ typeDefinition }) => typeDefinition.name);
    const known = (name) => inputs.some((input) => name === input || (input.endsWith('_') && name.startsWith(input)));
    for (const name of fields) if (!known(name)) fault(`package workflow knows no input ${name}`);
    const outputs = config.outputFields.map(({ typeDefinition }) => typeDefinition.name);
    for (const { typeDefinition } of config.outputFields)
      for (const { value } of typeDefinition.options ?? [])
        if (!statuses.includes(value)) fault(`package workflow has no status ${value}`);
    for (const { labelName, conditions } of config.executionRules)
      for (const [name, value] of Object.entries(conditions))
        for (const one of [value].flat())
          if (!outputs.includes(name) || !(name === 'status' ? statuses : reasons).includes(one))
            fault(`the rule ${labelName} waits for ${name} ${one}, which never comes`);
    const rules = config.executionRules.map(({ labelName }) => labelName);
    for (const [language, words] of Object.entries(config.labels))
      for (const [key, names] of [
        ['inputFieldLabels', fields],
        ['inputFieldDescriptions', fields],
        ['outputFieldLabels', outputs],
        ['executionRules', rules],
      ])
        if (Object.keys(words[key]).sort().join() !== [...names].sort().join())
          fault(`labels.${language}.${key} do not name what there is`);
  }
  return faults;
}

/** What HubSpot calls has a route in template.yaml. */
function routeFaults(components, apiOrigin, repository) {
  const anyTag = ['scalar', 'sequence', 'mapping'].map(
    (kind) => new yaml.Type('!', { kind, multi: true, construct: (data) => data }),
  );
  const template = yaml.load(fs.readFileSync(path.join(repository, 'template.yaml'), 'utf8'), {
    schema: yaml.DEFAULT_SCHEMA.extend(anyTag),
  });
  const routes = Object.values(template.Resources)
    .flatMap(({ Properties }) => Object.values(Properties?.Events ?? {}))
    .filter(({ Type }) => Type === 'HttpApi')
    .map(({ Properties: { Method, Path } }) => ({
      method: Method,
      path: new RegExp(`^${Path.replace(/\{\w+\+\}/g, '.+').replace(/\{\w+\}/g, '[^/]+')}$`),
    }));
  const served = (method, url) =>
    url.startsWith(`${apiOrigin}/`) &&
    routes.some((route) => ['ANY', method].includes(route.method) && route.path.test(url.slice(apiOrigin.length)));
  const faults = [];
  for (const { uid, config } of ofType(components, 'WEBHOOKS')) {
    if (!served('POST', config.settings.targetUrl))
      faults.push(`${uid}: template.yaml has no route for POST ${config.settings.targetUrl}`);
  }
  for (const { uid, config } of ofType(components, 'WORKFLOW_ACTION')) {
    const urls = [config.actionUrl, ...config.inputFields.map(({ typeDefinition }) => typeDefinition.optionsUrl)];
    for (const url of urls.filter(Boolean))
      if (!served('POST', url)) faults.push(`${uid}: template.yaml has no route for POST ${url}`);
  }
  for (const { uid, config } of ofType(components, 'APPLICATION')) {
    for (const url of config.auth.redirectUrls)
      if (!served('GET', url)) faults.push(`${uid}: template.yaml has no route for GET ${url}`);
  }
  if (!served('GET', `${apiOrigin}/api/v1/status`))
    faults.push('template.yaml has no route for the API of the screens');
  return faults;
}

/** Each extension is built alone, from its own package.json. */
function packageFaults(src) {
  return ['cards', 'pages', 'settings']
    .filter((dir) => !fs.existsSync(path.join(src, 'app', dir, 'package.json')))
    .map((dir) => `app/${dir} has no package.json`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { components, faults } = await validate();
  for (const { componentType, uid } of components) console.log(componentType.padEnd(12), uid);
  for (const fault of faults) console.error(fault);
  if (faults.length) process.exit(1);
}

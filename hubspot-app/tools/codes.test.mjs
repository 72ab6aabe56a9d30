import fs from 'node:fs';
import path from 'node:path';
import yaml from 'js-yaml';
import { expect, it } from 'vitest';
import { TOPICS, topicOf } from '../src/app/packages/screens/src/help/topics.ts';
import { dictionaries } from '../src/app/packages/screens/src/i18n/index.ts';
import { DOCUMENT } from './types.mjs';

const repository = path.resolve(path.dirname(DOCUMENT), '../..');
const read = (file) => fs.readFileSync(path.join(repository, file), 'utf8');

/** All Go files below a folder that are shipped. */
const goFiles = (dir) =>
  fs
    .readdirSync(path.join(repository, dir), { withFileTypes: true })
    .flatMap((entry) =>
      entry.isDirectory()
        ? goFiles(`${dir}/${entry.name}`)
        : /(?<!_test)\.go$/.test(entry.name)
          ? [`${dir}/${entry.name}`]
          : [],
    );
const codesIn = (files, pattern) => [
  ...new Set(files.flatMap((file) => [...read(file).matchAll(pattern)].map((hit) => hit[1]))),
];

/** Codes that no screen shows. */
const ELSEWHERE = new Set([
  'HUBSPOT_INSTALL_EXPIRED', // of an install, which has pages of its own
  'EXPORT_EXPIRED', // on the page that saves an export, which has words of its own
  'REFUSED_ADDRESS', // in the log of forwarding, which has words of its own
  'HUBSPOT_NO_TOKEN_SOURCE', // of a program put together wrongly: it does not start
]);

/** Words in every language, what to do, and a row of the help page. */
function unexplained(codes) {
  return codes.filter(
    (code) =>
      !ELSEWHERE.has(code) &&
      !(
        Object.values(dictionaries.errors).every((words) => words[code] && words[`${code}.do`]) &&
        TOPICS.includes(topicOf(code)) &&
        Object.values(dictionaries.help).every((words) => words[topicOf(code)] && words[`${topicOf(code)}.check`])
      ),
  );
}

it('explains every code of the API', () => {
  const codes = yaml.load(read('docs/openapi/app-api.yaml')).components.schemas.Code.enum;
  expect(codes.length).toBeGreaterThan(40);
  expect(unexplained(codes)).toEqual([]);
});

/** Lines of an account's checks: the server sends their words along. */
const checks = codesIn(
  ['shared/portal/install.go', 'shared/onboarding/onboarding.go', 'shared/lineaccount/words.go'],
  /check\.Code += "([A-Z_]+)"/g,
);

it('explains every notice, every end of a run or import, and every reason of a failed item', () => {
  const codes = codesIn(
    [...goFiles('shared'), ...goFiles('functions')],
    /\bCode\w*(?:: *| *= *)"([A-Z]+(?:_[A-Z]+)+)"/g,
  ).filter((code) => !checks.includes(code));
  expect(codes).toEqual(expect.arrayContaining(['CONNECT_LINE', 'LINK_CONFLICT', 'EVENT_NOT_PROCESSED', 'BUBBLE_URL']));
  expect(unexplained(codes)).toEqual([]);
  expect(unexplained(codesIn(['shared/syncrun/engine.go'], /return "([A-Z_]+)"/g))).toEqual([]);
});

it.each([
  ['HubSpot', goFiles('shared/hubspot'), /"(HUBSPOT_[A-Z_]+)"/g, 25],
  ['LINE', ['shared/line/errors.go'], /= "(LINE_[A-Z_]+)"/g, 15],
  ['the grant', ['shared/portal/token.go', 'shared/compose/tenant.go'], /"(HUBSPOT_[A-Z_]+)"/g, 0],
])('explains every fault of %s', (_, files, pattern, least) => {
  const codes = codesIn(files, pattern);
  expect(codes.length).toBeGreaterThan(least);
  expect(unexplained(codes)).toEqual([]);
});

it('explains every reason why HubSpot is not connected', () => {
  const reasons = codesIn(['shared/portal/remove.go'], /Reason\w+ += "([A-Z_]+)"/g);
  expect(reasons).toContain('UNINSTALLED');
  expect(unexplained(reasons)).toEqual([]);
});

it('finds a code without words', () => {
  expect(unexplained(['NEVER_HEARD_OF', 'INTERNAL'])).toEqual(['NEVER_HEARD_OF']);
});

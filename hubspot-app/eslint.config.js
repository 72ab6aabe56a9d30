import js from '@eslint/js';
import { config as hubspot } from '@hubspot/eslint-config-ui-extensions';
import prettier from 'eslint-config-prettier';
import react from 'eslint-plugin-react';
import reactHooks from 'eslint-plugin-react-hooks';
import unusedImports from 'eslint-plugin-unused-imports';
import { defineConfig, globalIgnores } from 'eslint/config';
import ts from 'typescript-eslint';

const NODE = Object.fromEntries(
  'AbortSignal Buffer Response URL URLSearchParams console document fetch process setTimeout'
    .split(' ')
    .map((name) => [name, 'readonly']),
);

// HubSpot's order of rules. Its own ones know cards, pages and settings by the names of their folders.
export default defineConfig([
  globalIgnores(['**/node_modules', '**/dist', '.build']),
  js.configs.recommended,
  ...ts.configs.recommended,
  ...ts.configs.stylistic,
  {
    files: ['src/**/*.{ts,tsx}'],
    extends: [
      react.configs.flat.recommended,
      react.configs.flat['jsx-runtime'],
      ...hubspot,
      reactHooks.configs.flat['recommended-latest'],
    ],
    settings: { react: { version: 'detect' } },
    rules: { 'react/prop-types': 'off' },
  },
  {
    plugins: { 'unused-imports': unusedImports },
    rules: {
      '@typescript-eslint/no-unused-vars': 'off',
      'unused-imports/no-unused-imports': 'error',
      'unused-imports/no-unused-vars': ['error', { varsIgnorePattern: '^_', argsIgnorePattern: '^_' }],
    },
  },
  // The preview is a page of its own: DOM and HTML are what it is made of.
  {
    files: ['preview/**/*.{ts,tsx}'],
    extends: [
      react.configs.flat.recommended,
      react.configs.flat['jsx-runtime'],
      reactHooks.configs.flat['recommended-latest'],
    ],
    settings: { react: { version: 'detect' } },
    rules: { 'react/prop-types': 'off' },
  },
  { files: ['preview/**/*.mjs', 'tools/**/*.mjs', '*.config.*'], languageOptions: { globals: NODE } },
  prettier,
]);

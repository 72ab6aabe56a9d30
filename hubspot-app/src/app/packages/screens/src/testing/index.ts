export * from './broadcasts.ts';
export * from './linkage.ts';
export * from './render.tsx';
export * from './samples.ts';
export * from './server.ts';
export * from './settings.ts';
export * from './segments.ts';
export * from './templates.ts';

export * from './render.tsx';
export * from './samples.ts';
export * from './server.ts';

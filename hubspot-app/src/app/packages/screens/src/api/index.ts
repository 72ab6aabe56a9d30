export * from './call.ts';
export * from './errors.ts';
export type * from './types.ts';
export * from './useAction.ts';
export * from './useApi.ts';
export * from './usePages.ts';
export * from './useOrigin.ts';

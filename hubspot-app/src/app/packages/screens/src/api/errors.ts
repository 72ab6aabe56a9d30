import type { Code } from './types.ts';

/** Codes of what happens before our server answers. */
export type ClientCode =
  | 'NETWORK' // no answer: nobody knows whether it was done
  | 'TIMEOUT' // the same, after waiting
  | 'BUSY' // HubSpot lets this account call no more at once
  | 'BAD_ANSWER' // an answer that is not ours
  | 'NO_ADDRESS'; // the app was deployed without the address of its server

export type ErrorCode = Code | ClientCode;

/** Nothing is known about what became of the request: repeat it under the same id. */
const UNCERTAIN = new Set<string>(['NETWORK', 'TIMEOUT', 'BAD_ANSWER', 'REQUEST_RUNNING', 'INTERNAL']);

/** Why a call was not answered with data. */
export class ApiError extends Error {
  readonly code: ErrorCode;
  readonly field: string | undefined;
  readonly correlationId: string | undefined;

  constructor(code: ErrorCode, message: string, more: { field?: string; correlationId?: string } = {}) {
    super(message);
    this.name = 'ApiError';
    this.code = code;
    this.field = more.field;
    this.correlationId = more.correlationId;
  }

  get uncertain(): boolean {
    return UNCERTAIN.has(this.code);
  }
}

export const asApiError = (error: unknown): ApiError =>
  error instanceof ApiError ? error : new ApiError('NETWORK', error instanceof Error ? error.message : String(error));

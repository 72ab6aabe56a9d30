import type { Linking } from '@lumo/screens';

/** All that PUT /accounts/{slot}/linking takes, as it is: what is left out there is switched off. */
export const settingsOf = ({ word, unverified, plainIds }: Linking) => ({ word: word ?? '', unverified, plainIds });

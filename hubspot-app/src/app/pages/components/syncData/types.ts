import type { Candidate, Key, Rule } from '@lumo/screens';

export const RULES: readonly Rule[] = ['newest_wins', 'hubspot_always', 'lumo_always', 'hubspot_fill_if_empty'];

const TYPES = ['string', 'number', 'date', 'datetime', 'bool', 'enumeration', 'phone_number'] as const;

/** The words for a property's type; types of which HubSpot makes more are shown by their own name. */
export function typeKey({ type, fieldType }: Pick<Candidate, 'type' | 'fieldType'>): Key<'syncData'> | null {
  if (type === 'enumeration' && fieldType === 'checkbox') return 'type.checkbox';
  const known = TYPES.find((name) => name === type);
  return known ? `type.${known}` : null;
}

import { Button, Flex, SearchInput, Select, Text, useDebounce } from '@hubspot/ui-extensions';
import { Loadable, useApi, useText, type Candidate } from '@lumo/screens';
import { useState } from 'react';
import type { Field } from './FormField.tsx';

const PROPERTIES = 50;
const CHOICES = ['enumeration', 'bool'];

/** What a form can ask for: texts and choices that may be written. It asks for the address by itself. */
const askable = ({ name, type, fit }: Candidate) =>
  fit === 'both' && name !== 'email' && (type === 'string' || CHOICES.includes(type));

const fieldOf = ({ name, label, type, fieldType }: Candidate): Field => ({
  property: name,
  type: CHOICES.includes(type) ? 'choice' : fieldType === 'phonenumber' ? 'phone' : 'text',
  labelEn: label.slice(0, 100),
  labelJa: label.slice(0, 100),
  required: false,
});

/** Chooses one more contact property for the form. */
export const FormProperty = ({ taken, onAdd }: { taken: string[]; onAdd: (field: Field) => void }) => {
  const t = useText('linkage');
  const [text, setText] = useState('');
  const [chosen, setChosen] = useState<Candidate | null>(null);
  const search = useDebounce(text.trim());
  const found = useApi('GET /properties', { query: { ...(search && { search }), limit: PROPERTIES } }, { keep: true });
  const add = () => {
    if (!chosen) return;
    onAdd(fieldOf(chosen));
    setChosen(null);
  };
  return (
    <Flex direction="column" gap="small" align="start">
      <SearchInput name="form-search" label={t('form.search')} value={text} onInput={setText} clearable />
      <Loadable from={found} label={t('form.searching')}>
        {({ items }) => {
          const offered = items.filter((item) => askable(item) && !taken.includes(item.name));
          if (offered.length === 0) return <Text>{t('form.noProperty')}</Text>;
          return (
            <Select
              name="form-property"
              label={t('form.property')}
              placeholder={t('form.choose')}
              value={chosen?.name}
              options={offered.map(({ name, label }) => ({ value: name, label }))}
              onChange={(name) => setChosen(offered.find((item) => item.name === String(name)) ?? null)}
            />
          );
        }}
      </Loadable>
      <Button variant="secondary" testId="form-add" disabled={!chosen} onClick={add}>
        {t('form.add')}
      </Button>
    </Flex>
  );
};

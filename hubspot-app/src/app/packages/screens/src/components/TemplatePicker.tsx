import { Button, Flex, LoadingSpinner, SearchInput, Select, Text, useDebounce } from '@hubspot/ui-extensions';
import { useState } from 'react';
import type { Bubble, Slot } from '../api/types.ts';
import { useAction } from '../api/useAction.ts';
import { useApi } from '../api/useApi.ts';
import { useText } from '../i18n/useText.ts';
import { ErrorAlert } from './Problems.tsx';

interface Props {
  slot: Slot;
  disabled?: boolean;
  onPick: (bubbles: Bubble[]) => void;
}

/** A button behind which a message template is chosen; nothing is asked before it is pressed. */
export const TemplatePicker = ({ slot, disabled = false, onPick }: Props) => {
  const t = useText('templates');
  const [open, setOpen] = useState(false);
  return (
    <Flex direction="column" gap="xs">
      <Flex>
        <Button
          size="xs"
          variant="transparent"
          disabled={disabled}
          onClick={() => setOpen(!open)}
          testId="use-template"
        >
          {t('use.button')}
        </Button>
      </Flex>
      {open && !disabled && (
        <Choice
          slot={slot}
          onPick={(bubbles) => {
            setOpen(false);
            onPick(bubbles);
          }}
        />
      )}
    </Flex>
  );
};

/** As many as the server tells at once. */
const MOST = 50;

const Choice = ({ slot, onPick }: Omit<Props, 'disabled'>) => {
  const t = useText('templates');
  const [typed, setTyped] = useState('');
  const q = useDebounce(typed.trim());
  const templates = useApi('GET /templates', { query: { slot, limit: MOST, ...(q && { q }) } }, { keep: true });
  const read = useAction('GET /templates/{slot}/{template}');
  const { data } = templates;
  if (!data) {
    return templates.error ? <ErrorAlert error={templates.error} /> : <LoadingSpinner label={t('loading')} />;
  }
  const choose = async (template: string) => {
    const whole = await read.run({ path: { slot, template } });
    if (whole) onPick(whole.bubbles);
  };
  return (
    <Flex direction="column" gap="xs">
      {(data.next !== null || typed !== '') && (
        <SearchInput name="use-template-search" label={t('search')} value={typed} onInput={setTyped} clearable />
      )}
      {data.items.length === 0 ? (
        <Text variant="microcopy">{t(q ? 'empty.search' : 'empty')}</Text>
      ) : (
        <Select
          name="use-template-choice"
          label={t('use.label')}
          placeholder={t('use.none')}
          readOnly={read.busy}
          options={data.items.map(({ id, name }) => ({ value: id, label: name }))}
          onChange={(id) => void choose(String(id))}
        />
      )}
      <ErrorAlert error={read.error} />
    </Flex>
  );
};

/** A text with its merge fields filled in: the value where there is one, else the fallback. */
export const filledIn = (text: string, value: (field: string) => string | null | undefined): string =>
  text.replace(
    /\{\{([^{}|]*)(?:\|([^{}]*))?\}\}/g,
    (_, field: string, fallback?: string) => value(field.trim()) || (fallback?.trim() ?? ''),
  );

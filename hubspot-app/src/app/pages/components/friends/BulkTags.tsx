import { Alert, Button, Checkbox, Flex, LoadingButton, MultiSelect, Text } from '@hubspot/ui-extensions';
import { ErrorAlert, useAction, useText, type AllTags, type Slot, type Tagged } from '@lumo/screens';
import { useState } from 'react';
import { CreateTag } from './CreateTag.tsx';

/** As many as the API takes at once. */
const MOST = 100;

interface Props {
  slot: Slot;
  may: boolean;
  tags: AllTags;
  /** Who is on this page. */
  page: string[];
  selected: string[];
  onSelect: (users: string[]) => void;
  onDone: (message: string, type: 'success' | 'warning') => void;
}

/** Gives tags to the selected friends or takes them away (P-141). */
export const BulkTags = ({ slot, may, tags, page, selected, onSelect, onDone }: Props) => {
  const t = useText('friends');
  const [chosen, setChosen] = useState<string[]>([]);
  const [doing, setDoing] = useState<'add' | 'remove' | null>(null);
  const action = useAction('POST /friends/tags');
  const result = useResult();
  const tooMany = selected.length > MOST;
  const ready = may && selected.length > 0 && !tooMany && chosen.length > 0 && !action.busy;
  const whole = page.length > 0 && page.every((user) => selected.includes(user));

  const change = async (what: 'add' | 'remove') => {
    setDoing(what);
    const answer = await action.run({ body: { slot, users: selected, [what]: chosen } });
    setDoing(null);
    if (!answer) return;
    setChosen([]);
    onDone(result(answer), answer.missing.length + answer.full.length > 0 ? 'warning' : 'success');
  };

  return (
    <Flex direction="column" gap="small">
      <Flex gap="small" align="center" wrap>
        <Checkbox
          name="select-page"
          checked={whole}
          readOnly={page.length === 0}
          onChange={(on) =>
            onSelect(on ? [...new Set([...selected, ...page])] : selected.filter((user) => !page.includes(user)))
          }
        >
          {t('selectPage')}
        </Checkbox>
        <Text variant="microcopy">{t('selected', { n: selected.length })}</Text>
        <Button size="xs" disabled={selected.length === 0} onClick={() => onSelect([])} testId="clear-selection">
          {t('selected.clear')}
        </Button>
        <CreateTag slot={slot} may={may} onCreated={tags.reload} />
      </Flex>
      {tooMany && (
        <Alert variant="warning" title={t('selected', { n: selected.length })}>
          {t('selected.most')}
        </Alert>
      )}
      {selected.length > 0 && (
        <Flex gap="small" align="end" wrap>
          <MultiSelect
            name="bulk-tags"
            label={t('bulk.tags')}
            placeholder={tags.loading ? t('tags.loading') : t('tags.choose')}
            description={!tags.loading && tags.tags.length === 0 ? t('tags.noneYet') : undefined}
            value={chosen}
            options={tags.tags.map(({ id, name }) => ({ value: id, label: name }))}
            onChange={(values) => setChosen(values.map(String))}
          />
          <LoadingButton
            size="sm"
            variant="primary"
            disabled={!ready}
            loading={doing === 'add'}
            onClick={() => void change('add')}
            testId="bulk-add"
          >
            {t('bulk.add')}
          </LoadingButton>
          <LoadingButton
            size="sm"
            disabled={!ready}
            loading={doing === 'remove'}
            onClick={() => void change('remove')}
            testId="bulk-remove"
          >
            {t('bulk.remove')}
          </LoadingButton>
        </Flex>
      )}
      <ErrorAlert error={action.error ?? tags.error} />
    </Flex>
  );
};

function useResult(): (answer: Tagged) => string {
  const t = useText('friends');
  return ({ changed, unchanged, missing, full }) =>
    [
      t('bulk.done', { n: changed }),
      unchanged > 0 && t('bulk.unchanged', { n: unchanged }),
      missing.length > 0 && t('bulk.missing', { n: missing.length }),
      full.length > 0 && t('bulk.full', { n: full.length }),
    ]
      .filter(Boolean)
      .join(' ');
}

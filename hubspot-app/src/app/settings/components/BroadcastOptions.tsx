import {
  Accordion,
  Flex,
  Input,
  LoadingButton,
  NumberInput,
  Text,
  Toggle,
  useExtensionActions,
} from '@hubspot/ui-extensions';
import { ErrorAlert, Loadable, useAction, useApi, useText, type Broadcasting } from '@lumo/screens';
import { useState } from 'react';
import type { AccountProps } from './AccountTile.tsx';

/** Of one account: whether opens and clicks are counted, whether contacts learn of broadcasts, what a message costs (P-117, P-130). */
export const BroadcastOptions = ({ account, may }: AccountProps) => {
  const t = useText('settings');
  const { slot } = account;
  const kept = useApi('GET /accounts/{slot}/broadcasting', { path: { slot } });
  return (
    <Accordion title={t('casts.title')} size="small">
      <Loadable from={kept} label={t('casts.loading')}>
        {(data) => <Editor key={JSON.stringify(data)} slot={slot} kept={data} may={may} onSaved={kept.reload} />}
      </Loadable>
    </Accordion>
  );
};

interface EditorProps {
  slot: number;
  kept: Broadcasting;
  may: boolean;
  onSaved: () => void;
}

const LONGEST_CURRENCY = 10;

const Editor = ({ slot, kept, may, onSaved }: EditorProps) => {
  const t = useText('settings');
  const { addAlert } = useExtensionActions<'settings'>();
  const save = useAction('PUT /accounts/{slot}/broadcasting');
  const [draft, setDraft] = useState(kept);
  const set = (more: Partial<Broadcasting>) => setDraft((last) => ({ ...last, ...more }));
  const changed = JSON.stringify(draft) !== JSON.stringify(kept);
  const good = draft.price >= 0 && draft.currency.length <= LONGEST_CURRENCY;
  const go = async () => {
    if (!(await save.run({ path: { slot }, body: draft }))) return;
    addAlert({ type: 'success', message: t('casts.saved') });
    onSaved();
  };
  return (
    <Flex direction="column" gap="small">
      <Toggle
        name="casts-tracking"
        label={t('casts.tracking')}
        labelDisplay="inline"
        size="sm"
        checked={draft.tracking}
        readOnly={!may}
        onChange={(tracking) => set({ tracking })}
      />
      <Text variant="microcopy">{t('casts.trackingHelp')}</Text>
      <Toggle
        name="casts-write"
        label={t('casts.write')}
        labelDisplay="inline"
        size="sm"
        checked={!draft.noWriteBack}
        readOnly={!may}
        onChange={(on) => set({ noWriteBack: !on })}
      />
      <Text variant="microcopy">{t('casts.writeHelp')}</Text>
      <Flex gap="small" align="end" wrap>
        <NumberInput
          name="casts-price"
          label={t('casts.price')}
          min={0}
          precision={4}
          readOnly={!may}
          value={draft.price}
          onChange={(price) => set({ price: price ?? 0 })}
        />
        <Input
          name="casts-currency"
          label={t('casts.currency')}
          placeholder="JPY"
          readOnly={!may}
          value={draft.currency}
          onInput={(currency) => set({ currency })}
        />
      </Flex>
      <ErrorAlert error={save.error} />
      <Flex>
        <LoadingButton
          testId="save-broadcasting"
          loading={save.busy}
          disabled={!may || !changed || !good}
          onClick={() => void go()}
        >
          {t('casts.save')}
        </LoadingButton>
      </Flex>
    </Flex>
  );
};

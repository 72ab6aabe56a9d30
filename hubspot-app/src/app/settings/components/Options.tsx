import {
  Alert,
  Button,
  Divider,
  Flex,
  Heading,
  Input,
  LoadingButton,
  Select,
  Text,
  TextArea,
  Toggle,
  ToggleGroup,
  useExtensionActions,
} from '@hubspot/ui-extensions';
import { ErrorAlert, useAction, useText, type Settings, type SettingsPage } from '@lumo/screens';
import { useState } from 'react';
import { changesOf, draftOf, faultsOf, LANGUAGES, POLICIES, type Draft } from './draft.ts';
import { TimeZone } from './TimeZone.tsx';

interface Props {
  page: SettingsPage;
  onSaved: () => void;
}

interface Part {
  draft: Draft;
  readOnly: boolean;
  zone: string;
  /** What is wrong with a field, in words. */
  fault: (field: keyof Draft) => string | undefined;
  set: (more: Partial<Draft>) => void;
}

/** The options; only what was changed is sent. */
export const Options = ({ page, onSaved }: Props) => {
  const t = useText('settings');
  const { addAlert } = useExtensionActions<'settings'>();
  const action = useAction('PATCH /settings');
  const [edits, setEdits] = useState<Partial<Draft>>({});
  const [saved, setSaved] = useState(false);
  const [answered, setAnswered] = useState<Settings | null>(null);
  const stored = answered ?? page.settings;
  const draft = { ...draftOf(stored), ...edits };
  const changes = changesOf(stored, draft);
  const faults = faultsOf(draft);
  const n = Object.keys(changes).length;
  const readOnly = !page.may.change_settings;

  const save = async () => {
    const answer = await action.run({ body: changes });
    if (!answer) return;
    setAnswered(answer.settings);
    setEdits({});
    setSaved(true);
    addAlert({ type: 'success', message: t('options.saved') });
    onSaved();
  };
  const part: Part = {
    draft,
    readOnly,
    zone: page.portal.timeZone,
    fault: (field) => {
      const key = faults.includes(field) || action.error?.field === field ? field : null;
      if (key === 'syncIntervalMinutes') return t('options.intervalBad');
      if (key === 'timeZone') return t('options.timeZoneBad');
      if (key === 'alertEmails') return t('options.emailsBad');
      return undefined;
    },
    set: (more) => {
      setSaved(false);
      if (action.error) action.clear();
      setEdits((all) => ({ ...all, ...more }));
    },
  };
  return (
    <Flex direction="column" gap="medium">
      <Contacts {...part} />
      <Divider />
      <Written {...part} />
      <Divider />
      <Syncing {...part} />
      <ErrorAlert error={action.error} />
      {saved && n === 0 && <Alert variant="success" title={t('options.saved')} />}
      <Flex gap="small" align="center" wrap>
        <LoadingButton
          variant="primary"
          loading={action.busy}
          disabled={readOnly || n === 0 || faults.length > 0}
          onClick={() => void save()}
          testId="save-options"
        >
          {t('options.save')}
        </LoadingButton>
        <Button disabled={n === 0 || action.busy} onClick={() => setEdits({})} testId="reset-options">
          {t('options.reset')}
        </Button>
        {n > 0 && <Text variant="microcopy">{t('options.unsaved', { n })}</Text>}
      </Flex>
    </Flex>
  );
};

const Contacts = ({ draft, readOnly, set }: Part) => {
  const t = useText('settings');
  return (
    <Flex direction="column" gap="small">
      <Heading>{t('options.contacts')}</Heading>
      <ToggleGroup
        name="contact-policy"
        toggleType="radioButtonList"
        label={t('options.contactPolicy')}
        tooltip={t('options.contactPolicyHelp')}
        value={draft.contactPolicy}
        options={POLICIES.map((value) => ({
          value,
          label: t(`options.policy.${value}`),
          description: t(`options.policy.${value}Help`),
          readOnly,
        }))}
        onChange={(value) => set({ contactPolicy: POLICIES.find((policy) => policy === value) ?? draft.contactPolicy })}
      />
      <Toggle
        name="name-from-line"
        label={t('options.nameFromLine')}
        labelDisplay="inline"
        size="sm"
        checked={draft.nameFromLine}
        readOnly={readOnly}
        onChange={(nameFromLine) => set({ nameFromLine })}
      />
      <Toggle
        name="method-c"
        label={t('options.methodC')}
        labelDisplay="inline"
        size="sm"
        checked={draft.methodC}
        readOnly={readOnly}
        onChange={(methodC) => set({ methodC })}
      />
      <Text variant="microcopy">{t('options.methodCHelp')}</Text>
    </Flex>
  );
};

const Written = ({ draft, readOnly, set }: Part) => {
  const t = useText('settings');
  return (
    <Flex direction="column" gap="small">
      <Heading>{t('options.data')}</Heading>
      <Toggle
        name="tags-two-way"
        label={t('options.tagsTwoWay')}
        labelDisplay="inline"
        size="sm"
        checked={draft.tagsTwoWay}
        readOnly={readOnly}
        onChange={(tagsTwoWay) => set({ tagsTwoWay })}
      />
      <Text variant="microcopy">{t('options.tagsTwoWayHelp')}</Text>
      <Toggle
        name="message-texts"
        label={t('options.messageTexts')}
        labelDisplay="inline"
        size="sm"
        checked={draft.messageTexts}
        readOnly={readOnly}
        onChange={(messageTexts) => set({ messageTexts })}
      />
      <Text variant="microcopy">{t('options.messageTextsHelp')}</Text>
      <Toggle
        name="group-chats"
        label={t('options.groupChats')}
        labelDisplay="inline"
        size="sm"
        checked={draft.groupChats}
        readOnly={readOnly}
        onChange={(groupChats) => set({ groupChats })}
      />
      <Text variant="microcopy">{t('options.groupChatsHelp')}</Text>
    </Flex>
  );
};

const Syncing = ({ draft, readOnly, zone, fault, set }: Part) => {
  const t = useText('settings');
  const wrong = (field: keyof Draft) => {
    const message = fault(field);
    return message === undefined ? { error: false } : { error: true, validationMessage: message };
  };
  return (
    <Flex direction="column" gap="small">
      <Heading>{t('options.sync')}</Heading>
      <Input
        name="sync-interval"
        label={t('options.interval')}
        description={t('options.intervalHelp')}
        value={draft.syncIntervalMinutes}
        readOnly={readOnly}
        onInput={(syncIntervalMinutes) => set({ syncIntervalMinutes })}
        {...wrong('syncIntervalMinutes')}
      />
      <TimeZone
        value={draft.timeZone}
        zone={zone}
        readOnly={readOnly}
        fault={fault('timeZone')}
        onChange={(timeZone) => set({ timeZone })}
      />
      <TextArea
        name="alert-emails"
        label={t('options.emails')}
        description={t('options.emailsHelp')}
        rows={3}
        value={draft.alertEmails}
        readOnly={readOnly}
        onInput={(alertEmails) => set({ alertEmails })}
        {...wrong('alertEmails')}
      />
      <Select
        name="language"
        label={t('options.language')}
        description={t('options.languageHelp')}
        value={draft.language}
        readOnly={readOnly}
        options={LANGUAGES.map((value) => ({ value, label: t(`options.${value}`) }))}
        onChange={(value) => set({ language: LANGUAGES.find((known) => known === value) ?? draft.language })}
      />
    </Flex>
  );
};

import { Button, EmptyState, Flex, LoadingButton, StatusTag, Text, useExtensionContext } from '@hubspot/ui-extensions';
import { useState } from 'react';
import type { Field, FriendDetail } from '../api/types.ts';
import { useAction } from '../api/useAction.ts';
import { useApi } from '../api/useApi.ts';
import { ErrorAlert } from '../components/Problems.tsx';
import type { Format } from '../format.ts';
import { useProblem } from '../help/useProblem.ts';
import { useText } from '../i18n/useText.ts';
import { FieldEditor } from './FieldEditor.tsx';

interface Props {
  friend: FriendDetail;
  format: Format;
  may: boolean;
  /** Values are others now: ask again. */
  onSaved: () => void;
}

const canEdit = (field: Field) => field.editable && !field.clipped;

/** The synced fields of a friend: value, where it came from and when, and editing of those that flow both ways. */
export const FriendFields = ({ friend, format, may, onSaved }: Props) => {
  const t = useText('friends');
  const [editing, setEditing] = useState(false);
  if (friend.fields.length === 0) {
    return (
      <EmptyState title={t('fields.empty')} layout="vertical" reverseOrder imageWidth={80} flush>
        <Text>{t('fields.emptyText')}</Text>
      </EmptyState>
    );
  }
  if (editing) {
    return (
      <EditFields
        friend={friend}
        onDone={(saved) => {
          setEditing(false);
          if (saved) onSaved();
        }}
      />
    );
  }
  return (
    <Flex direction="column" gap="small">
      {friend.fields.map((field) => (
        <FieldRow key={field.property} field={field} format={format} />
      ))}
      <Flex>
        <Button
          size="sm"
          disabled={!may || !friend.fields.some(canEdit)}
          onClick={() => setEditing(true)}
          testId="edit-fields"
        >
          {t('fields.edit')}
        </Button>
      </Flex>
      {!friend.fields.some(canEdit) && <Text variant="microcopy">{t('fields.noneEditable')}</Text>}
    </Flex>
  );
};

const FieldRow = ({ field, format }: { field: Field; format: Format }) => {
  const t = useText('friends');
  const value = useShown(format)(field);
  return (
    <Flex direction="column" gap="flush">
      <Text format={{ fontWeight: 'demibold' }} truncate={{ tooltipText: `${field.label} (${field.property})` }}>
        {field.label}
      </Text>
      {field.type === 'enumeration' && field.value && !field.clipped ? (
        <OptionLabels field={field} />
      ) : (
        <Text>{field.clipped ? t('field.clipped', { value }) : value}</Text>
      )}
      <Source field={field} format={format} />
      <Flex gap="xs" wrap>
        {field.status !== 'active' && (
          <StatusTag variant={field.status.startsWith('error') ? 'danger' : 'default'}>
            {t(`status.${field.status}`)}
          </StatusTag>
        )}
        {field.pending && <StatusTag variant="info">{t('field.pending')}</StatusTag>}
        {field.undecided && <StatusTag variant="info">{t('field.undecided')}</StatusTag>}
      </Flex>
    </Flex>
  );
};

/** The values of a field of choices as people call them. Until that is known, and where it cannot be, the internal values. */
const OptionLabels = ({ field }: { field: Field }) => {
  const { data } = useApi('GET /properties/{property}/labels', { path: { property: field.property } });
  const labels = new Map((data?.items ?? []).map(({ value, label }) => [value, label]));
  const values = (field.value ?? '').split(';').filter((one) => one !== '');
  return <Text>{values.map((one) => labels.get(one) ?? one).join(', ')}</Text>;
};

const REASONS = [
  'only_hubspot',
  'only_lumo',
  'newer_in_hubspot',
  'newer_in_lumo',
  'tie_hubspot',
  'by_rule',
  'filled_empty',
  'link_ended',
] as const;

/** Which side the value is from, when it was edited on either, and why that side won. */
const Source = ({ field, format }: { field: Field; format: Format }) => {
  const t = useText('friends');
  const words = useText('common');
  const when = (edit: Field['lumo']) =>
    edit?.atIsBound ? t('field.before', { when: format.dateTime(edit.at) }) : format.dateTime(edit?.at ?? null);
  const reason = REASONS.find((known) => known === field.reason);
  const winner = field.winner === 'hubspot' || field.winner === 'lumo' ? field.winner : null;
  const parts = [
    winner && t(`from.${winner}`, { reason: reason ? words(`reason.${reason}`) : (field.reason ?? '–') }),
    field.hubspot && t('edited.hubspot', { when: when(field.hubspot) }),
    field.lumo && t('edited.lumo', { when: when(field.lumo) }),
    t('rule', { rule: words(`rule.${field.rule}`) }),
  ];
  return <Text variant="microcopy">{parts.filter(Boolean).join(' · ')}</Text>;
};

function useShown(format: Format): (field: Field) => string {
  const t = useText('friends');
  return ({ value, type }) => {
    if (value === null || value === '') return t('field.empty');
    if (type === 'bool' && value === 'true') return t('yes');
    if (type === 'bool' && value === 'false') return t('no');
    if (type === 'datetime' && !Number.isNaN(Date.parse(value))) return format.dateTime(Date.parse(value));
    return value;
  };
}

/** What can be seen to be wrong before HubSpot is asked; emptying a field is always fine. */
function faultIn(field: Field, value: string): 'field.emailBad' | 'field.phoneBad' | 'field.number' | null {
  const text = value.trim();
  if (text === '') return null;
  if (field.property === 'email' && !/^[^@\s]+@[^@\s]+\.[^@\s]+$/.test(text)) return 'field.emailBad';
  if (field.fieldType === 'phonenumber' && text.replace(/\D/g, '').length < 5) return 'field.phoneBad';
  if (field.type === 'number' && !/^-?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(text)) return 'field.number';
  return null;
}

const EditFields = ({ friend, onDone }: { friend: FriendDetail; onDone: (saved: boolean) => void }) => {
  const t = useText('friends');
  const words = useText('common');
  const problem = useProblem();
  const { portal } = useExtensionContext();
  const action = useAction('PATCH /friends/{slot}/{user}/fields');
  const fields = friend.fields.filter(canEdit);
  const [values, setValues] = useState<Record<string, string>>({});
  const changed = Object.fromEntries(
    fields.flatMap(({ property, value }) => {
      const next = values[property];
      return next !== undefined && next !== (value ?? '') ? [[property, next]] : [];
    }),
  );
  const seenIn = (field: Field) => {
    const typed = changed[field.property];
    return typed === undefined ? null : faultIn(field, typed);
  };
  const faultOf = (field: Field): string | undefined => {
    const seen = seenIn(field);
    if (seen) return t(seen);
    if (!action.error || action.error.field !== field.property) return undefined;
    const { text, todo } = problem(action.error);
    return `${text} ${todo}`;
  };

  const save = async () => {
    const saved = await action.run({ path: { slot: friend.slot, user: friend.user }, body: { values: changed } });
    if (saved) onDone(true);
  };

  return (
    <Flex direction="column" gap="small">
      {fields.map((field) => (
        <FieldEditor
          key={field.property}
          field={field}
          value={values[field.property] ?? field.value ?? ''}
          fault={faultOf(field)}
          timeZone={portal.timezone || 'UTC'}
          onChange={(value) => setValues((all) => ({ ...all, [field.property]: value }))}
        />
      ))}
      <ErrorAlert error={action.error} />
      <Flex gap="small">
        <LoadingButton
          size="sm"
          variant="primary"
          loading={action.busy}
          disabled={Object.keys(changed).length === 0 || fields.some((field) => seenIn(field) !== null)}
          onClick={() => void save()}
          testId="save-fields"
        >
          {t('save')}
        </LoadingButton>
        <Button size="sm" disabled={action.busy} onClick={() => onDone(false)}>
          {words('cancel')}
        </Button>
      </Flex>
    </Flex>
  );
};

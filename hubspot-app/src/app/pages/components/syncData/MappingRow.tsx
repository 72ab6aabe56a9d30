import {
  Button,
  Flex,
  LoadingButton,
  Modal,
  ModalBody,
  ModalFooter,
  StatusTag,
  TableCell,
  TableRow,
  Text,
  useExtensionActions,
} from '@hubspot/ui-extensions';
import { PageLink } from '@hubspot/ui-extensions/pages';
import { ErrorAlert, useAction, useHubSpotLinks, useText, type ChangeMapping, type Mapping } from '@lumo/screens';
import { useState } from 'react';
import { RuleSelect } from './RuleSelect.tsx';
import { typeKey } from './types.ts';

const VARIANTS = {
  active: 'success',
  waiting_first_sync: 'info',
  paused: 'default',
  error_property_deleted: 'danger',
  error_type_changed: 'danger',
  error_no_permission: 'danger',
} as const;

interface Props {
  mapping: Mapping;
  onChanged: () => void;
}

/** One row of "Sync Data" (P-38). */
export const MappingRow = ({ mapping, onChanged }: Props) => {
  const t = useText('syncData');
  const words = useText('common');
  const type = typeKey(mapping);
  return (
    <TableRow>
      <TableCell>
        <Text truncate={{ maxWidth: 240, tooltipText: mapping.label }}>{mapping.label}</Text>
        <Text variant="microcopy" truncate={{ maxWidth: 240 }}>
          {mapping.property}
        </Text>
      </TableCell>
      <TableCell>
        <Text truncate={{ maxWidth: 200, tooltipText: mapping.appField }}>{mapping.appField}</Text>
        <Text variant="microcopy">{type ? t(type) : mapping.type}</Text>
      </TableCell>
      <TableCell>
        <Text>{words(`rule.${mapping.rule}`)}</Text>
        {mapping.oneWay && <Text variant="microcopy">{t('oneWay')}</Text>}
      </TableCell>
      <TableCell>
        <StatusTag variant={VARIANTS[mapping.status]}>{t(`status.${mapping.status}`)}</StatusTag>
        <Todo mapping={mapping} />
      </TableCell>
      <TableCell>
        <Flex gap="xs" wrap>
          {!mapping.ruleFixed && <ChangeRule mapping={mapping} onChanged={onChanged} />}
          {mapping.status === 'error_property_deleted' ? (
            <RecreateButton mapping={mapping} onChanged={onChanged} />
          ) : (
            <PauseButton mapping={mapping} onChanged={onChanged} />
          )}
          <RemoveButton mapping={mapping} onChanged={onChanged} />
        </Flex>
      </TableCell>
    </TableRow>
  );
};

const Todo = ({ mapping }: { mapping: Mapping }) => {
  const t = useText('syncData');
  const words = useText('common');
  const links = useHubSpotLinks();
  if (!mapping.todo) return null;
  return (
    <Flex direction="column" gap="flush" align="start">
      <Text variant="microcopy">{t(`todo.${mapping.todo}`)}</Text>
      {mapping.todo === 'GRANT_PERMISSION' && (
        <Button size="xs" href={{ url: links.reconnect, external: true }}>
          {words('reconnect')}
        </Button>
      )}
      {mapping.todo === 'WAIT_FOR_RUN' && <PageLink to="/">{words('tab.dashboard')}</PageLink>}
    </Flex>
  );
};

/** A change of one mapping: tells what happens next, and reloads the table. */
function useChange(mapping: Mapping, onChanged: () => void) {
  const t = useText('syncData');
  const { addAlert } = useExtensionActions<'pages'>();
  const { run, ...action } = useAction('PATCH /mappings/{property}');
  const change = async (body: ChangeMapping) => {
    const answer = await run({ path: { property: mapping.property }, body });
    if (!answer) return false;
    const message = answer.queued ? t('queued') : answer.run ? t('started') : t('changed');
    addAlert({ type: 'success', title: mapping.label, message });
    onChanged();
    return true;
  };
  return { ...action, change };
}

const ChangeRule = ({ mapping, onChanged }: Props) => {
  const t = useText('syncData');
  const words = useText('common');
  const { closeOverlay } = useExtensionActions<'pages'>();
  const { change, busy, error, clear } = useChange(mapping, onChanged);
  const [rule, setRule] = useState(mapping.rule);
  const modal = `rule-${mapping.property}`;
  const reset = () => {
    clear();
    setRule(mapping.rule);
  };
  return (
    <Button
      size="xs"
      testId={`rule-${mapping.property}`}
      overlay={
        <Modal id={modal} title={t('ruleOf', { name: mapping.label })} onOpen={reset}>
          <ModalBody>
            <ErrorAlert error={error} />
            <RuleSelect label={t('col.rule')} value={rule} onChange={setRule} />
          </ModalBody>
          <ModalFooter>
            <LoadingButton
              variant="primary"
              loading={busy}
              disabled={rule === mapping.rule}
              onClick={() => void change({ rule }).then((done) => done && closeOverlay(modal))}
              testId={`${modal}-save`}
            >
              {t('rule.save')}
            </LoadingButton>
            <Button onClick={() => closeOverlay(modal)}>{words('cancel')}</Button>
          </ModalFooter>
        </Modal>
      }
    >
      {t('rule.change')}
    </Button>
  );
};

const PauseButton = ({ mapping, onChanged }: Props) => {
  const t = useText('syncData');
  const { change, busy, error } = useChange(mapping, onChanged);
  const paused = mapping.status === 'paused';
  return (
    <>
      <LoadingButton
        size="xs"
        loading={busy}
        onClick={() => void change({ paused: !paused })}
        testId={`pause-${mapping.property}`}
      >
        {paused ? t('resume') : t('pause')}
      </LoadingButton>
      <ErrorAlert error={error} />
    </>
  );
};

/** Makes the property anew in HubSpot, where somebody deleted it (P-48). */
const RecreateButton = ({ mapping, onChanged }: Props) => {
  const t = useText('syncData');
  const { addAlert } = useExtensionActions<'pages'>();
  const action = useAction('POST /mappings/{property}/recreate');
  const recreate = async () => {
    if (!(await action.run({ path: { property: mapping.property }, body: {} }))) return;
    addAlert({ type: 'success', title: mapping.label, message: t('recreated') });
    onChanged();
  };
  return (
    <>
      <LoadingButton
        size="xs"
        loading={action.busy}
        onClick={() => void recreate()}
        testId={`recreate-${mapping.property}`}
      >
        {t('recreate')}
      </LoadingButton>
      <ErrorAlert error={action.error} />
    </>
  );
};

const RemoveButton = ({ mapping, onChanged }: Props) => {
  const t = useText('syncData');
  const words = useText('common');
  const { closeOverlay, addAlert } = useExtensionActions<'pages'>();
  const remove = useAction('DELETE /mappings/{property}');
  const modal = `remove-${mapping.property}`;
  const go = async () => {
    if (!(await remove.run({ path: { property: mapping.property } }))) return;
    closeOverlay(modal);
    addAlert({ type: 'success', message: t('removed', { name: mapping.label }) });
    onChanged();
  };
  return (
    <Button
      size="xs"
      testId={modal}
      overlay={
        <Modal id={modal} title={t('remove.title', { name: mapping.label })} variant="danger" onOpen={remove.clear}>
          <ModalBody>
            <Text>{t('remove.text')}</Text>
            <ErrorAlert error={remove.error} />
          </ModalBody>
          <ModalFooter>
            <LoadingButton variant="destructive" loading={remove.busy} onClick={() => void go()} testId={`${modal}-go`}>
              {t('remove')}
            </LoadingButton>
            <Button onClick={() => closeOverlay(modal)}>{words('cancel')}</Button>
          </ModalFooter>
        </Modal>
      }
    >
      {t('remove')}
    </Button>
  );
};

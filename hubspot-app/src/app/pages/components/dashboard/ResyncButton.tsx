import {
  Alert,
  Button,
  Checkbox,
  Flex,
  Input,
  LoadingButton,
  Modal,
  ModalBody,
  ModalFooter,
  Text,
  ToggleGroup,
  useExtensionActions,
} from '@hubspot/ui-extensions';
import { ErrorAlert, useAction, useText, type Extent, type Started } from '@lumo/screens';
import { useState } from 'react';

const EXTENTS: readonly Extent[] = ['all', 'contacts', 'lists', 'contact'];
const MODAL = 'resync';

/** "Resync Data" (P-62): what to sync, or only a preview of it. */
export const ResyncButton = ({ running, onStarted }: { running: boolean; onStarted: () => void }) => {
  const t = useText('dashboard');
  const words = useText('common');
  const { closeOverlay, addAlert, navigateToPage } = useExtensionActions<'pages'>();
  const sync = useAction('POST /sync');
  const [extent, setExtent] = useState<Extent>('all');
  const [contact, setContact] = useState('');
  const [dryRun, setDryRun] = useState(false);
  const [refused, setRefused] = useState<Started['reason']>();
  const badContact = extent === 'contact' && !/^[1-9]\d{0,18}$/.test(contact.trim());

  const start = async () => {
    setRefused(undefined);
    const only = extent === 'contact' ? { contact: contact.trim() } : {};
    const answer = await sync.run({ body: { extent, dryRun, ...only } });
    if (!answer) return;
    onStarted();
    if (!answer.started) {
      setRefused(answer.reason ?? 'RUNNING');
      return;
    }
    closeOverlay(MODAL);
    addAlert({ type: 'success', message: t(dryRun ? 'resync.previewStarted' : 'resync.started') });
    if (dryRun && answer.run) navigateToPage({ to: `/runs/${answer.run.id}` });
  };

  const forget = () => {
    setRefused(undefined);
    sync.clear();
  };

  return (
    <Button
      variant="primary"
      testId="resync"
      overlay={
        <Modal id={MODAL} title={t('resync.title')} width="md" onOpen={forget}>
          <ModalBody>
            <Flex direction="column" gap="medium">
              <Text>{t('resync.text')}</Text>
              {running && !refused && <Alert title={t('resync.RUNNING')} variant="info" />}
              {refused && <Alert title={t(`resync.${refused}`)} variant="info" />}
              <ErrorAlert error={sync.error} />
              <ToggleGroup
                toggleType="radioButtonList"
                name="extent"
                label={t('resync.extent')}
                value={extent}
                options={EXTENTS.map((value) => ({ value, label: t(`resync.${value}`) }))}
                onChange={(value: string) => setExtent(EXTENTS.find((known) => known === value) ?? 'all')}
              />
              {extent === 'contact' && (
                <Input
                  name="contact"
                  label={t('resync.contactId')}
                  description={t('resync.contactIdHelp')}
                  value={contact}
                  onInput={setContact}
                  required
                  error={contact !== '' && badContact}
                  validationMessage={contact !== '' && badContact ? t('resync.contactIdBad') : undefined}
                />
              )}
              <Checkbox name="dryRun" checked={dryRun} onChange={setDryRun}>
                {t('resync.dryRun')}
              </Checkbox>
            </Flex>
          </ModalBody>
          <ModalFooter>
            <LoadingButton
              variant="primary"
              loading={sync.busy}
              disabled={badContact}
              onClick={() => void start()}
              testId="resync-start"
            >
              {dryRun ? t('resync.startPreview') : t('resync.start')}
            </LoadingButton>
            <Button onClick={() => closeOverlay(MODAL)}>{words('cancel')}</Button>
          </ModalFooter>
        </Modal>
      }
    >
      {t('resync.button')}
    </Button>
  );
};

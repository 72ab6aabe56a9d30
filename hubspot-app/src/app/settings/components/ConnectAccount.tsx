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
  useExtensionActions,
} from '@hubspot/ui-extensions';
import { ErrorAlert, useAction, useText, type Outcome } from '@lumo/screens';
import { useState } from 'react';
import { CheckLines } from './CheckLines.tsx';

const MODAL = 'connect-line';
const CHANNEL_ID = /^\d+$/;
const SECRET = /^[0-9a-f]{32}$/i;

/** The wizard: two values, then a line for each check with what to do (P-07). */
export const ConnectAccount = ({
  may,
  first,
  onConnected,
}: {
  may: boolean;
  first: boolean;
  onConnected: () => void;
}) => {
  const t = useText('settings');
  const words = useText('common');
  const { closeOverlay } = useExtensionActions<'settings'>();
  const [channelId, setChannelId] = useState('');
  const [channelSecret, setSecret] = useState('');
  const [keepPrevious, setKeep] = useState(false);
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  const action = useAction('POST /accounts');
  const id = channelId.trim();
  const secret = channelSecret.trim();
  const badId = id !== '' && !CHANNEL_ID.test(id);
  const badSecret = secret !== '' && !SECRET.test(secret);

  const forget = () => {
    setChannelId('');
    setSecret('');
    setKeep(false);
    setOutcome(null);
    action.clear();
  };
  const connect = async () => {
    setOutcome(null);
    const body = { channelId: id, channelSecret: secret, ...(keepPrevious && { keepPrevious }) };
    const answer = await action.run({ body });
    if (!answer) return;
    setOutcome(answer);
    if (answer.connected) {
      setSecret('');
      onConnected();
    }
  };

  return (
    <Button
      variant={first ? 'primary' : 'secondary'}
      disabled={!may}
      testId="connect-line"
      overlay={
        <Modal id={MODAL} title={t('connect.title')} width="md" onOpen={forget} onClose={forget}>
          <ModalBody>
            <Flex direction="column" gap="medium">
              {!outcome?.connected && (
                <>
                  <Text>{t('connect.steps')}</Text>
                  <Input
                    name="channel-id"
                    label={t('connect.channelId')}
                    description={t('connect.channelIdHelp')}
                    required
                    value={channelId}
                    onInput={setChannelId}
                    error={badId}
                    {...(badId && { validationMessage: t('connect.channelIdBad') })}
                  />
                  <Input
                    name="channel-secret"
                    type="password"
                    label={t('connect.secret')}
                    description={t('connect.secretHelp')}
                    required
                    value={channelSecret}
                    onInput={setSecret}
                    error={badSecret}
                    {...(badSecret && { validationMessage: t('connect.secretBad') })}
                  />
                  <Checkbox
                    name="keep-previous"
                    checked={keepPrevious}
                    onChange={setKeep}
                    description={t('connect.keepHelp')}
                  >
                    {t('connect.keep')}
                  </Checkbox>
                </>
              )}
              {action.busy && <Text>{t('connect.checking')}</Text>}
              <ErrorAlert error={action.error} />
              {outcome && <Result outcome={outcome} />}
            </Flex>
          </ModalBody>
          <ModalFooter>
            {!outcome?.connected && (
              <LoadingButton
                variant="primary"
                loading={action.busy}
                disabled={id === '' || secret === '' || badId || badSecret}
                onClick={() => void connect()}
                testId="connect-go"
              >
                {t(outcome ? 'connect.again' : 'connect.go')}
              </LoadingButton>
            )}
            <Button onClick={() => closeOverlay(MODAL)}>{words(outcome?.connected ? 'close' : 'cancel')}</Button>
          </ModalFooter>
        </Modal>
      }
    >
      {t('connect.button')}
    </Button>
  );
};

const Result = ({ outcome: { connected, account, checks } }: { outcome: Outcome }) => {
  const t = useText('settings');
  return (
    <Flex direction="column" gap="small">
      <Alert variant={connected ? 'success' : 'danger'} title={t(connected ? 'connect.ok' : 'connect.failed')}>
        <Text>
          {connected && account
            ? t('connect.okText', { name: account.name || account.basicId, slot: account.slot })
            : t('connect.failedText')}
        </Text>
      </Alert>
      <CheckLines checks={checks} />
    </Flex>
  );
};

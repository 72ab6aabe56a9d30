import { Flex, LoadingButton, Select, Text } from '@hubspot/ui-extensions';
import { CopyText, ErrorAlert, QrCode, useAction, useFormat, useText, type MadeLink } from '@lumo/screens';
import { useState } from 'react';
import type { CardProps } from './ContactScreen.tsx';

/** A link with which the person links their LINE themselves, and its QR code (P-21, P-115). */
export const CreateLink = ({ card, may }: CardProps) => {
  const t = useText('card');
  const action = useAction('POST /contacts/{contact}/links');
  const accounts = card.accounts.filter(({ state }) => state === 'active');
  const [chosen, setChosen] = useState<number | null>(null);
  const [made, setMade] = useState<MadeLink | null>(null);
  const slot = chosen ?? accounts[0]?.slot;
  if (slot === undefined) return null;
  const create = async () => {
    const answer = await action.run({ path: { contact: card.contactId }, body: { slot } });
    if (answer) setMade(answer);
  };
  return (
    <Flex direction="column" gap="small">
      <Text>{t('create.text')}</Text>
      {accounts.length > 1 && (
        <Select
          name="link-account"
          label={t('create.account')}
          value={slot}
          options={accounts.map((one) => ({ value: one.slot, label: one.name }))}
          onChange={(value) => {
            setChosen(Number(value));
            setMade(null);
          }}
        />
      )}
      <ErrorAlert error={action.error} />
      <Flex>
        <LoadingButton
          size="sm"
          loading={action.busy}
          disabled={!may.edit_friends}
          onClick={() => void create()}
          testId="create-link"
        >
          {t('create')}
        </LoadingButton>
      </Flex>
      {made && <Made link={made} />}
    </Flex>
  );
};

const Made = ({ link: { address, picture, hint, endsAt } }: { link: MadeLink }) => {
  const t = useText('card');
  const until = useFormat().dateTime(endsAt);
  return (
    <Flex direction="column" gap="small">
      <CopyText id="copy-link" label={t('create.link')} text={address} button={t('create.copy')} />
      <QrCode picture={picture} of={t('create.link')} />
      <Text variant="microcopy">{hint ? t('create.asks', { until, hint }) : t('create.noHint', { until })}</Text>
      <Text variant="microcopy">{t('create.again')}</Text>
    </Flex>
  );
};

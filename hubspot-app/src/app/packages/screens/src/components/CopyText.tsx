import { Button, Flex, Text, useExtensionActions } from '@hubspot/ui-extensions';
import { useText } from '../i18n/useText.ts';

/** A text to be pasted elsewhere: shown whole, since the clipboard may be closed to us. */
export const CopyText = ({ id, label, text, button }: { id: string; label: string; text: string; button: string }) => {
  const t = useText('linkage');
  const { copyTextToClipboard, addAlert } = useExtensionActions<'pages'>();
  const copy = async () => {
    try {
      await copyTextToClipboard(text);
      addAlert({ type: 'success', message: t('copied') });
    } catch {
      addAlert({ type: 'danger', message: t('notCopied') });
    }
  };
  return (
    <Flex direction="column" gap="xs" align="start">
      <Text format={{ fontWeight: 'bold' }}>{label}</Text>
      <Text>{text}</Text>
      <Button size="xs" testId={id} onClick={() => void copy()}>
        {button}
      </Button>
    </Flex>
  );
};

import { Flex, StatusTag, Text } from '@hubspot/ui-extensions';
import { useLanguage, useText, type Check } from '@lumo/screens';

const VARIANTS = { pass: 'success', fail: 'danger', warn: 'warning', skipped: 'default' } as const;

/** One line for each check: passed or not, the provider's reason, and what to do (P-07). */
export const CheckLines = ({ checks }: { checks: Check[] }) => {
  const t = useText('settings');
  const { language } = useLanguage();
  return (
    <Flex direction="column" gap="small">
      {checks.map(({ code, outcome, title, hint, detail }) => (
        <Flex key={code} direction="column" gap="flush">
          <Flex gap="small" align="center" wrap>
            <StatusTag variant={VARIANTS[outcome]}>{t(`check.${outcome}`)}</StatusTag>
            <Text format={{ fontWeight: 'demibold' }}>{title[language] || code}</Text>
          </Flex>
          {outcome !== 'pass' && hint[language] && <Text>{hint[language]}</Text>}
          {detail && <Text variant="microcopy">{detail}</Text>}
        </Flex>
      ))}
    </Flex>
  );
};

export const needsLook = (checks: Check[]) =>
  checks.filter(({ outcome }) => outcome === 'fail' || outcome === 'warn').length;
